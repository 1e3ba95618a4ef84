"""After sending: more information, a correction, the wish to withdraw, and the same family told of again."""
