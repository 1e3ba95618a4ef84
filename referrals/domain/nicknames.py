"""First names that stand for one another: each line one name, first as it is registered, then what people say.

A name may stand on several lines (Alex is Alexander and Alexandra): any line that two names share makes them alike.
"""

from __future__ import annotations

LINES = """
abigail abbie abby gail
adam ad
adrian ade
alexander alex alec alexei lex sandy sasha xander zander
alexandra alex alexa lexi sandra sasha
alfred alf alfie fred
alice ali allie
alison ali allie
amanda mandy manda
amelia amy millie milly mel
andrew andy drew
angela angie ange
anna ann anne annie anya
anthony tony ant
arthur art artie
barbara barb barbie babs
beatrice bea bee trixie
benjamin ben benji benny
bernard bernie
bethany beth
bradley brad
bridget bridie biddy
cameron cam
caroline carrie carol lina
cassandra cass cassie
catherine cath cathy cat kate katie katy kathy kit kitty kay trina
charles charlie chas chuck
charlotte charlie lottie lotte char
chloe clo
christine chris chrissie tina
christina chris chrissie tina
christopher chris kit topher
clifford cliff
constance connie
daisy dais
daniel dan danny
danielle dani danni
david dave davey davy dai
deborah deb debbie debra
dominic dom nic
dorothy dot dottie dolly
edward ed eddie ned ted teddy
eleanor ellie ella nell nellie nora elle
elizabeth liz lizzie beth betty bess bessie eliza elsie libby lisa lizbeth lilibet
ellen ellie nell nellie
emily em emmy emmie millie
emma em emmie
ethan eth
evelyn eve evie
florence flo florrie flossie
frances fran frankie francie
francis frank frankie fran
frederick fred freddie freddy rick
gabriel gabe
gabriella gabby ella
gareth gaz
geoffrey geoff
george georgie
georgina georgie gina georgia
gerald gerry
gillian gill jill
grace gracie
gregory greg
hannah han
harold harry hal
harriet hattie harry hettie
heather heath
henry harry hal hank
hugh hughie
isabella bella izzy isa ella
isabel izzy bella isobel belle
jacob jake jakob
jacqueline jackie jacqui
james jim jimmy jamie jem
jane janey janie jenny
janet jan
jason jase
jasmine jas jazz jazzy
jeffrey jeff
jennifer jen jenny jenni
jeremy jez jerry
jessica jess jessie
joanna jo joanne
john johnny jack jon
jonathan jon jonny johnny nathan
joseph joe joey jo
josephine jo josie
joshua josh
judith judy jude
julia jules julie
julian jules
karen kaz
katherine kath kathy kat kate katie katy kay
kathleen kath kathy kat kate
kenneth ken kenny
kimberly kim kimmy
kristina kris krissy tina
laura laurie lo
lawrence larry laurie loz
leonard len lenny leo
leonardo leo leon
lewis lew louie
lillian lil lily lilly
louis lou louie lewis
louise lou lulu
lucy luce lu
lydia lyd
madeleine maddie maddy madeline
margaret maggie meg megan peggy marge margie madge greta daisy
maria mia ria mari
mary molly polly may mamie
martin marty
matilda tilly tilda mattie
matthew matt matty
maximilian max
megan meg meggie
melanie mel
melissa mel lissa
michael mick mickey mike mikey micky
michelle shell chelle
mohammed mo moh mohamad muhammad mohamed mohammad mehmet mahomed
molly moll
natalie nat
natasha tash tasha nat natalia
nathaniel nat nate nathan
nathan nat nate
nicholas nick nicky nico nicolas klaus
nicola nic nicky nikki
oliver ollie olly
olivia liv livvy olive ollie
pamela pam
patricia pat patty trish trisha
patrick pat paddy rick
penelope pen penny nell nellie
peter pete
philip phil pip
phoebe phoebs
rachel rach rachael
raymond ray
rebecca becca becky bex
reginald reg reggie
reuben ben rube
richard dick rich richie rick ricky
robert bob bobby rob robbie bert
roberta bobbie
ronald ron ronnie
rosemary rose rosie
rosalind ros
rose rosie
rupert rupe
ruth ruthie
sally sal
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sean shaun shawn shane
sebastian seb bas
sharon shaz
simon si
sofia sophia sophie soph
sophie soph
stephanie steph stevie
stephen steve stevie steven stefan
stuart stu stewart
susan sue susie suzy suzanne
sylvia syl
tabitha tabby
terence terry tel
theodore theo ted teddy
theresa terry tess tessa tracy
thomas tom tommy
timothy tim timmy
tobias toby
valerie val
vanessa nessa
veronica ronnie vera
victor vic
victoria vicky vicki tori tory
vincent vince vinny
vivian viv
walter walt wally
wendy wen
wilfred wilf
william will bill billy willy liam
winifred win winnie
yasmin yaz yas
yusuf yousef youssef joseph yousuf yosef
ibrahim ebrahim abraham bram
ismail ismael ishmael
fatima fatma fatimah fati
aisha ayesha aysha aishah
zachary zac zach zack zak
zoe zo
"""


def _stands_for() -> dict[str, frozenset[str]]:
    lines: dict[str, set[str]] = {}
    for line in LINES.strip().splitlines():
        names = line.split()
        for name in names:
            lines.setdefault(name, set()).add(names[0])
    return {name: frozenset(firsts) for name, firsts in lines.items()}


STANDS_FOR = _stands_for()


def registered(name: str) -> frozenset[str]:
    """The registered names that a folded first name may stand for; itself where the table does not know it.

    >>> sorted(registered("alex"))
    ['alexander', 'alexandra']
    """
    return STANDS_FOR.get(name, frozenset({name}))
