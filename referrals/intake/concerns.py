"""The special concerns: what a referrer may tick for a child, and what each then asks, shows and points to.

A concern asks its few questions on a page of its own, shows signs to look for, and names the duty that no form can
discharge, with the partnership's contact points for it. The partnership's own sentence, where its threshold has one,
comes first. The signs and duties here are those of national guidance, in our own words.
"""

from __future__ import annotations

from dataclasses import dataclass

from thresholds.domain.terms import Flag


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a concern. kind: "text", "line", "yes_no", or "choice" with `choices` of (value, words)."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Concern:
    """One special concern. tick: its value on the child's page. contacts: kinds of the partnership's contact points."""

    slug: str
    tick: str
    flag: Flag
    ticked_as: str
    title: str
    duty: str
    signs: tuple[str, ...]
    asks: tuple[Ask, ...]
    contacts: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The slug of its page."""
        return f"concern-{self.slug}"


HIGH_RISK = "high_risk"
DOMESTIC_ABUSE = "domestic_abuse"

CONCERNS = (
    Concern(
        slug="exploitation",
        tick=Flag.EXPLOITATION.value,
        flag=Flag.EXPLOITATION,
        ticked_as="Sexual or criminal exploitation, gangs, county lines",
        title="Exploitation",
        duty="Report a crime to the police yourself: 101, or 999 in danger. A child who is exploited is a victim, "
        "whatever the child did. Where the child was moved or controlled for it, the police or the council "
        "refer to the National Referral Mechanism too.",
        signs=(
            "money, clothes, a telephone or rides that nobody can explain",
            "missing from home, school or care, or found far from home",
            "older friends, a new boyfriend or girlfriend with power over the child",
            "injuries, fear, secrecy, more than one telephone, a debt",
            "drugs, weapons or strangers in the home of somebody who can't say no",
        ),
        asks=(
            Ask("who", "Who is thought to be behind it?", "Names, nicknames, accounts, cars, telephone numbers"),
            Ask("where", "Where and how often does it happen?", "Places, journeys, online"),
            Ask("missing", "Has the child been missing?", "Also for a few hours", "yes_no"),
        ),
        contacts=("police", "nrm"),
    ),
    Concern(
        slug="outside-home",
        tick=Flag.OUTSIDE_HOME.value,
        flag=Flag.OUTSIDE_HOME,
        ticked_as="Harm outside the home: from peers, in a place, online",
        title="Harm outside the home",
        duty="Report a crime to the police yourself: 101, or 999 in danger. Whoever runs the place or the site "
        "where it happens can make it safer now: tell them, without naming the child.",
        signs=(
            "fear of a way, a park, a bus, a group or a class",
            "threats, pictures or money asked for online",
            "violence between young people, weapons carried for protection",
            "a change of friends, staying away, being left out",
        ),
        asks=(
            Ask("where", "Where does it happen, and when?", "The place, the way there, the site or the game"),
            Ask("who", "Who harms, and who else is harmed?", "Other children by name or school where you know them"),
            Ask("safer", "What would make the place safer, and who could do that?"),
        ),
        contacts=("police",),
    ),
    Concern(
        slug="domestic-abuse",
        tick=DOMESTIC_ABUSE,
        flag=Flag.MARAC,
        ticked_as="Domestic abuse",
        title="Domestic abuse",
        duty="Where the risk is high, refer to the MARAC as well, through your agency's MARAC lead: this form does"
        " not do it. Never let the person who abuses learn of this referral, and never ask about it in their "
        "hearing.",
        signs=(
            "a parent who is watched, kept without money, or never seen alone",
            "a child who protects a parent, is afraid to go home, or copies threats",
            "injuries, damage, calls to the police, sudden moves",
            "strangling, threats to kill, abuse in pregnancy or after parting: each means high risk",
        ),
        asks=(
            Ask("who", "Who does what to whom?", "Also what the children see, hear or are made to do"),
            Ask("now", "Where is the person who abuses now?", "In the home, near, in contact, unknown", "line"),
            Ask(
                HIGH_RISK,
                "Is the risk high?",
                "By the DASH checklist, by your professional judgement, or because it is getting worse",
                "yes_no",
            ),
            Ask("safe_way", "How can the parent who is harmed be reached safely?", "When, on which number", "line"),
        ),
        contacts=("marac", "police"),
    ),
    Concern(
        slug="neglect",
        tick=Flag.NEGLECT_TOOL.value,
        flag=Flag.NEGLECT_TOOL,
        ticked_as="Neglect",
        title="Neglect",
        duty="Neglect is seen over time. Add the partnership's neglect tool on the page for documents, or send "
        "your referral now and fill it in after: a child at risk does not wait for a form.",
        signs=(
            "often hungry, dirty, tired, or without a coat",
            "appointments missed, illness or teeth not treated",
            "left alone, or with somebody who can't look after a child",
            "a home that is not safe or not clean, nobody to comfort the child",
        ),
        asks=(
            Ask("since", "Since when, and is it getting better or worse?"),
            Ask("needs", "Which of the child's needs are not met?", "Food, warmth, health, safety, love, school"),
            Ask("tool", "Has a neglect tool been filled in?", "Such as the Graded Care Profile", "yes_no"),
        ),
    ),
    Concern(
        slug="fgm",
        tick=Flag.FGM.value,
        flag=Flag.FGM,
        ticked_as="Female genital mutilation (FGM)",
        title="Female genital mutilation",
        duty="If a girl under 18 told you that it was done to her, or you saw signs of it in your work, and you "
        "are a teacher, a social worker or a registered health professional, the law wants you yourself to "
        "report it to the police on 101, by the end of the next working day. This form does not do it, and no"
        " colleague can.",
        signs=(
            "a long visit abroad or a “special ceremony” is planned",
            "a mother or sister to whom it was done",
            "pain, infection, long times at the toilet, sitting or walking with difficulty",
            "back from a long absence, withdrawn, kept from sport or doctors",
        ),
        asks=(
            Ask(
                "known",
                "Do you know it, or fear it?",
                kind="choice",
                choices=(
                    ("told", "The girl told me that it was done"),
                    ("seen", "I saw signs that it was done"),
                    ("feared", "I fear that it will be done"),
                    ("heard", "Somebody else told me"),
                ),
            ),
            Ask("when", "When and where, as far as you know?", "A journey, a date, a place, who arranges it"),
            Ask("police", "Have you reported it to the police?", "With their reference, if you have one", "line"),
        ),
        contacts=("police",),
    ),
    Concern(
        slug="forced-marriage",
        tick=Flag.FORCED_MARRIAGE.value,
        flag=Flag.FORCED_MARRIAGE,
        ticked_as="Forced marriage or honour-based abuse",
        title="Forced marriage or honour-based abuse",
        duty="There may be one chance to speak with the child. Don't ask the family, don't use a relative to "
        "interpret, and don't leave a message. Call 999 if it may happen now; the police are on 101. The "
        "Forced Marriage Unit advises on 020 7008 0151.",
        signs=(
            "watched, followed, kept from school, telephone taken away",
            "a journey, an engagement or a wedding that the child speaks of with fear",
            "brothers or sisters who married very young or under force",
            "threats because of friends, clothes, a relationship, or “shame”",
            "running away, self-harm, sudden silence",
        ),
        asks=(
            Ask("planned", "What is planned or threatened, by whom, and when?", "A journey, a wedding, a flight"),
            Ask("alone", "How can the child be reached safely and alone?", "When, where, by whom, a word agreed"),
            Ask("told", "Who in the family or the community knows of this worry?", kind="line"),
        ),
        contacts=("police",),
    ),
    Concern(
        slug="radicalisation",
        tick=Flag.PREVENT.value,
        flag=Flag.PREVENT,
        ticked_as="Radicalisation or extremism",
        title="Radicalisation",
        duty="Make a Prevent referral as well, to the police or the council: this form does not do it. Call 999 "
        "where somebody may be hurt, and the anti-terrorist hotline on 0800 789 321 where an attack may be "
        "planned.",
        signs=(
            "a fixed grievance, hate for a group, praise of attacks",
            "new friends or accounts that are hidden, material that is shared",
            "talk of travel, of fighting, of leaving something behind",
            "a young person who is alone, and for whom this is the only place to belong",
        ),
        asks=(
            Ask("what", "What did the child say, do, wear, watch or share?", "In the child's own words"),
            Ask("who", "Who has influence on the child?", "People, groups, sites, accounts"),
            Ask("plans", "Does anything speak of a plan, a weapon or a journey?", kind="yes_no"),
        ),
        contacts=("prevent", "police"),
    ),
    Concern(
        slug="trafficking",
        tick=Flag.NRM.value,
        flag=Flag.NRM,
        ticked_as="Trafficking or modern slavery",
        title="Trafficking or modern slavery",
        duty="A first responder, such as the police or the council, refers the child to the National Referral "
        "Mechanism; a child's agreement is not needed. This form does not do it. Report a crime to the "
        "police: 101, or 999 in danger.",
        signs=(
            "no papers, or papers held by somebody else; a story told by heart",
            "works, begs, keeps house or looks after children; never paid",
            "doesn't know the address, is brought and fetched, is not at a school",
            "many unrelated children or adults at one address",
        ),
        asks=(
            Ask("who", "Who brings, keeps or controls the child?"),
            Ask("how", "Where from, where to, and what is the child made to do?"),
            Ask("nrm", "Has anybody referred the child to the National Referral Mechanism?", kind="yes_no"),
        ),
        contacts=("nrm", "police"),
    ),
    Concern(
        slug="private-fostering",
        tick=Flag.PRIVATE_FOSTERING.value,
        flag=Flag.PRIVATE_FOSTERING,
        ticked_as="Private fostering: 28 days or more with somebody who is not close family",
        title="Private fostering",
        duty="A child under 16 (under 18 if disabled) who lives for 28 days or more with somebody who is not a "
        "parent, grandparent, aunt, uncle, brother, sister or step-parent is privately fostered. Parent and "
        "carer must tell the council: say so to them, unless that puts the child at risk.",
        signs=(
            "an address or a carer that changed, a “cousin” or “friend of the family” who collects",
            "a child from abroad who came alone, a language student, a young person who fell out with the parents",
            "a carer who can't agree to treatment or sign a form",
        ),
        asks=(
            Ask("who", "With whom does the child live, and what are they to the child?"),
            Ask("since", "Since when, and until when?", kind="line"),
            Ask("agreed", "Do the parents know and agree?", kind="yes_no"),
            Ask("council", "Does the council know of it?", kind="yes_no"),
        ),
        contacts=("private_fostering", "front_door"),
    ),
    Concern(
        slug="position-of-trust",
        tick=Flag.LADO.value,
        flag=Flag.LADO,
        ticked_as="Somebody who works or volunteers with children",
        title="Somebody in a position of trust",
        duty="Tell your manager or safeguarding lead at once, and the LADO (the council's designated officer) "
        "within 1 working day. Don't ask the person about it, and don't look into it yourself.",
        signs=(
            "harmed a child, or may have",
            "may have committed a crime against a child, or one that concerns a child",
            "behaved in a way, at work or outside it, that says they may be a risk to children",
        ),
        asks=(
            Ask("who", "Who is it, in which work, and for whom?", "Name, post, employer"),
            Ask("known", "When did you learn of it?", "A day and a time", "line"),
            Ask("others", "Is the person with other children now?", kind="yes_no"),
            Ask("told", "Who has been told?", "Their employer, the LADO, the police", "line"),
        ),
        contacts=("lado",),
    ),
)
"""In the order of the page."""

BY_PAGE = {concern.page: concern for concern in CONCERNS}
BY_FLAG = {concern.flag: concern for concern in CONCERNS}
DOMESTIC_ABUSE_PAGE = "concern-domestic-abuse"


def flags_of(ticked: tuple[str, ...], *, high_risk: bool) -> list[str]:
    """The flags that the ticks of one child raise: domestic abuse raises the MARAC's only where its risk is high."""
    flags = [tick for tick in ticked if tick != DOMESTIC_ABUSE]
    return [*flags, Flag.MARAC.value] if DOMESTIC_ABUSE in ticked and high_risk else flags
