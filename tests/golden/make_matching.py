"""Labelled synthetic pairs of children: `python -m tests.golden.make_matching > tests/golden/matching.csv`.

The same seed writes the same table. The slips and variants below are written by hand, apart from the tables that the
matcher itself uses, some of them on purpose such as it does not know. Nobody here is real: NHS numbers are of the range
kept for tests (from 999 000 0000), postcodes are of no street.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta

SEED = 20261124

GIRLS_SAID = """
Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna Poppy Elsie
Emily Ella Evelyn Phoebe Evie Charlotte Harper Millie Matilda Maya Sofia Ruby Aisha Zainab Priya Chiamaka
Agnieszka Siobhan Niamh Mei Yuki Fatima Gabriela Oksana Ngozi Ayesha Tamar
"""
GIRLS = GIRLS_SAID.split()
BOYS_SAID = """
Noah Oliver George Arthur Muhammad Leo Harry Oscar Archie Henry Theodore Freddie Jack Charlie Theo Alfie Jacob
Thomas Finley Arlo William Lucas Roman Tommy Isaac Teddy Alexander Luca Edward James Ibrahim Yusuf Kwame Piotr
Dmitri Rohan Tadhg Emeka Jin Hamza Mateusz Ahmed Stefan Bilal Kofi
"""
BOYS = BOYS_SAID.split()
SURNAMES_SAID = """
Marlow Abara Bishop Cole Dyer Ekwe Frost Gill Hartley Ismail Jones Kaur Lowe Mistry Novak Okoro Patel Quinn Rowe
Shah Thompson Underwood Vaughan Wright Yilmaz Zielinska Adeyemi Begum Campbell Davies Edwards Fletcher Grant
Hussain Iqbal Johnson Khan Lewis Macdonald Nguyen O'Brien Pearson Richards Stephens Taylor Walker Young
Chowdhury Kowalski
"""
SURNAMES = SURNAMES_SAID.split()
SHORT = [
    ("Alexander", "Alex"),
    ("Alexandra", "Lexi"),
    ("Benjamin", "Ben"),
    ("Catherine", "Katie"),
    ("Charlotte", "Lottie"),
    ("Christopher", "Kit"),
    ("Daniel", "Danny"),
    ("Edward", "Ted"),
    ("Eleanor", "Nell"),
    ("Elizabeth", "Beth"),
    ("Frederick", "Freddie"),
    ("Harriet", "Hattie"),
    ("Henry", "Harry"),
    ("Isabella", "Izzy"),
    ("James", "Jim"),
    ("Jessica", "Jess"),
    ("Jonathan", "Jonny"),
    ("Joseph", "Joe"),
    ("Katherine", "Kate"),
    ("Margaret", "Daisy"),
    ("Matilda", "Tilly"),
    ("Michael", "Mikey"),
    ("Mohammed", "Mo"),
    ("Nicholas", "Nico"),
    ("Oliver", "Ollie"),
    ("Patrick", "Paddy"),
    ("Rebecca", "Becky"),
    ("Robert", "Bobby"),
    ("Samantha", "Sam"),
    ("Theodore", "Teddy"),
    ("Thomas", "Tommy"),
    ("William", "Billy"),
    ("Zachary", "Zak"),
    ("Penelope", "Nellie"),
    ("Augustus", "Gus"),
]
WRITTEN = [
    ("Mohammed", "Khan", "Muhammad", "Khan"),
    ("Mohamed", "Hussein", "Mohammad", "Hussain"),
    ("Yusuf", "Chaudhry", "Youssef", "Chowdhury"),
    ("Aisha", "Begum", "Ayesha", "Begom"),
    ("Юлия", "Коваленко", "Yulia", "Kovalenko"),
    ("Дмитрий", "Шевченко", "Dmitri", "Shevchenko"),
    ("Олександр", "Мельник", "Oleksandr", "Melnyk"),
    ("Ольга", "Бондаренко", "Olga", "Bondarenko"),
    ("محمد", "علي", "Mohammed", "Ali"),
    ("فاطمة", "حسن", "Fatima", "Hassan"),
    ("Γιώργος", "Παππάς", "Giorgos", "Pappas"),
    ("Ελένη", "Νικολάου", "Eleni", "Nikolaou"),
    ("Łukasz", "Wójcik", "Lukasz", "Wojcik"),
    ("Zoë", "Brontë", "Zoe", "Bronte"),
    ("Seán", "Ó Briain", "Sean", "O'Briain"),
    ("Nuño", "Peña", "Nuno", "Pena"),
    ("Jörg", "Müller", "Jorg", "Muller"),
    ("Jörg", "Müller", "Joerg", "Mueller"),
    ("Șerban", "Ionuță", "Serban", "Ionuta"),
    ("Nguyễn", "Trần", "Nguyen", "Tran"),
    ("Ayşe", "Yıldız", "Ayse", "Yildiz"),
    ("Björk", "Guðmundsdóttir", "Bjork", "Gudmundsdottir"),
    ("李", "伟", "Li", "Wei"),
    ("Ірина", "Гончар", "Iryna", "Honchar"),
    ("Catherine", "Stephens", "Kathryn", "Stevens"),
    ("Stephen", "Clarke", "Steven", "Clark"),
    ("Shaun", "Reid", "Sean", "Read"),
    ("Aimee", "Thomson", "Amy", "Thompson"),
    ("Xiaoming", "Zhang", "Hsiao-Ming", "Chang"),
    ("Agnieszka", "Wiśniewska", "Agnieska", "Wisniewska"),
]


@dataclass(frozen=True)
class Told:
    first_name: str = ""
    last_name: str = ""
    other_names: str = ""
    born: str = ""
    sex: str = ""
    postcode: str = ""
    nhs_number: str = ""
    upn: str = ""


@dataclass(frozen=True)
class Pair:
    kind: str
    same: bool
    a: Told
    b: Told


class Maker:
    """Draws children and pairs; every drawing from one seed."""

    def __init__(self, seed: int = SEED) -> None:
        self.chance = random.Random(seed)
        self.numbers = iter(range(40, 9_000, 7))

    def nhs(self) -> str:
        while True:
            body = f"999{next(self.numbers):06d}"
            check = (11 - sum(w * int(d) for w, d in zip(range(10, 1, -1), body, strict=True)) % 11) % 11
            if check < 10:
                return body + str(check)

    def upn(self) -> str:
        letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
        body = f"8871234{self.chance.randint(10, 26)}{self.chance.randint(1, 998):03d}"
        return letters[sum(w * int(d) for w, d in enumerate(body, start=2)) % 23] + body

    def postcode(self) -> str:
        pick = self.chance.choice
        return f"{pick(['ME', 'NN', 'RM', 'B'])}{self.chance.randint(1, 20)} {self.chance.randint(1, 9)}" + "".join(
            pick("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2)
        )

    def day(self) -> date:
        return date(2009, 1, 1) + timedelta(days=self.chance.randrange(6200))

    def child(self, sex: str = "", **more: str) -> Told:
        sex = sex or self.chance.choice("MF")
        told = Told(
            self.chance.choice(GIRLS if sex == "F" else BOYS),
            self.chance.choice(SURNAMES),
            "",
            self.day().isoformat(),
            sex,
            self.postcode(),
        )
        return replace(told, **more)

    def other_first(self, told: Told) -> str:
        names = [each for each in (GIRLS if told.sex == "F" else BOYS) if each[0] != told.first_name[0]]
        return self.chance.choice(names)

    def slip(self, name: str) -> str:
        """One slip of the keys: two letters changed over, one left out, one doubled, one replaced."""
        at = self.chance.randrange(1, max(2, len(name) - 1))
        kind = self.chance.randrange(4)
        if kind == 0 and at + 1 < len(name):
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        if kind == 1:
            return name[:at] + name[at + 1 :]
        if kind == 2:
            return name[:at] + name[at] + name[at:]
        return name[:at] + self.chance.choice("aeiourstln") + name[at + 1 :]


# --- the same child ------------------------------------------------------------------------------------------------


def as_told_again(m: Maker) -> Pair:
    a = m.child()
    gone = m.chance.choice(["sex", "postcode", ""])
    return Pair("told again", True, a, replace(a, **({gone: ""} if gone else {})))


def misspelt(m: Maker) -> Pair:
    a = m.child()
    which = m.chance.choice(["first_name", "last_name"])
    return Pair("name misspelt", True, a, replace(a, **{which: m.slip(getattr(a, which))}))


def nickname(m: Maker) -> Pair:
    full, short = m.chance.choice(SHORT)
    a = m.child(first_name=full)
    return Pair("nickname", True, a, replace(a, first_name=short, postcode=m.chance.choice([a.postcode, ""])))


def swapped(m: Maker) -> Pair:
    a = m.child()
    return Pair("first and last name swapped", True, a, replace(a, first_name=a.last_name, last_name=a.first_name))


def transposed(m: Maker) -> Pair:
    a = m.child()
    born = date.fromisoformat(a.born).replace(day=m.chance.randint(1, 12))
    turned = date(born.year, born.day, born.month)
    moved = m.chance.random() < 0.5
    return Pair(
        "day and month transposed",
        True,
        replace(a, born=born.isoformat()),
        replace(a, born=turned.isoformat(), postcode=m.postcode() if moved else a.postcode),
    )


def digit(m: Maker) -> Pair:
    a = m.child()
    born = date.fromisoformat(a.born)
    off = born.replace(year=born.year + m.chance.choice([-1, 1]), day=min(born.day, 28))
    a = replace(a, born=born.replace(day=min(born.day, 28)).isoformat())
    return Pair("one digit of the date wrong", True, a, replace(a, born=off.isoformat()))


def surname_known(m: Maker) -> Pair:
    a = m.child()
    b = replace(a, last_name=m.chance.choice(SURNAMES), other_names=f"{a.first_name} {a.last_name}")
    return Pair("surname changed, the former known", True, a, replace(b, postcode=m.postcode()))


def surname_unknown(m: Maker) -> Pair:
    a = m.child()
    return Pair("surname changed, same home", True, a, replace(a, last_name=m.chance.choice(SURNAMES)))


def moved(m: Maker) -> Pair:
    a = m.child()
    return Pair("moved house", True, a, replace(a, postcode=m.postcode()))


def double(m: Maker) -> Pair:
    a = m.child(last_name="-".join(m.chance.sample(SURNAMES, 2)))
    return Pair(
        "double surname written in part", True, a, replace(a, last_name=a.last_name.split("-")[m.chance.randrange(2)])
    )


def given_names(m: Maker) -> Pair:
    a = m.child()
    return Pair(
        "with and without a second given name", True, a, replace(a, first_name=f"{a.first_name} {m.other_first(a)}")
    )


def by_nhs(m: Maker) -> Pair:
    a = m.child(nhs_number=m.nhs())
    b = replace(a, last_name=m.chance.choice(SURNAMES), postcode="", sex="", born=m.day().isoformat())
    return Pair("the same NHS number", True, a, b)


def by_upn(m: Maker) -> Pair:
    a = m.child(upn=m.upn())
    return Pair("the same UPN", True, a, replace(a, first_name=m.other_first(a), postcode=m.postcode()))


def sex_wrong(m: Maker) -> Pair:
    a = m.child()
    return Pair("sex keyed wrongly", True, a, replace(a, sex="M" if a.sex == "F" else "F"))


# --- another child -------------------------------------------------------------------------------------------------


def twins(m: Maker) -> Pair:
    a = m.child()
    sex = m.chance.choice("MF")
    b = replace(a, sex=sex)
    return Pair("twins", False, a, replace(b, first_name=m.other_first(b)))


SOUNDING_ALIKE = [
    ("Ella", "Bella"),
    ("Mia", "Maya"),
    ("Jaden", "Hayden"),
    ("Ava", "Eva"),
    ("Aiden", "Adrian"),
    ("Zara", "Sara"),
    ("Lily", "Tilly"),
    ("Noah", "Nora"),
]


def twins_alike(m: Maker) -> Pair:
    one, other = m.chance.choice(SOUNDING_ALIKE)
    a = m.child(first_name=one)
    return Pair("twins whose names sound alike", False, a, replace(a, first_name=other))


def namesake(m: Maker) -> Pair:
    a = m.child()
    return Pair("same name and birthday, another home", False, a, replace(a, postcode=m.postcode()))


def namesake_numbers(m: Maker) -> Pair:
    a = m.child(nhs_number=m.nhs())
    return Pair("same name, birthday and home, another NHS number", False, a, replace(a, nhs_number=m.nhs()))


def namesake_upn(m: Maker) -> Pair:
    a = m.child(upn=m.upn())
    return Pair("same name and birthday, another UPN", False, a, replace(a, upn=m.upn(), postcode=m.postcode()))


def siblings(m: Maker) -> Pair:
    a = m.child()
    b = m.child(last_name=a.last_name, postcode=a.postcode)
    return Pair("brothers and sisters", False, a, replace(b, first_name=m.other_first(b)))


def neighbours(m: Maker) -> Pair:
    a = m.child()
    b = m.child(born=a.born, postcode=a.postcode, sex="M" if a.sex == "F" else "F")
    return Pair("neighbours born on one day", False, a, b)


def same_name(m: Maker) -> Pair:
    a = m.child()
    return Pair(
        "same name, another birthday and home", False, a, replace(a, born=m.day().isoformat(), postcode=m.postcode())
    )


def same_name_no_date(m: Maker) -> Pair:
    a = m.child()
    return Pair("same name, no birthday, another home", False, a, replace(a, born="", postcode=m.postcode()))


def cousins(m: Maker) -> Pair:
    a = m.child()
    b = m.child(last_name=a.last_name)
    born = date.fromisoformat(a.born) + timedelta(days=m.chance.randrange(12, 300))
    return Pair("cousins", False, a, replace(b, first_name=m.other_first(b), born=born.isoformat()))


def near_name(m: Maker) -> Pair:
    a = m.child("F", first_name="Francesca")
    b = replace(a, first_name="Francis", sex="M", postcode=m.postcode())
    return Pair("a name near it, other sex, another home", False, a, b)


def named_after(m: Maker) -> Pair:
    a = m.child()
    born = date.fromisoformat(a.born)
    b = replace(
        a,
        born=born.replace(year=born.year - 6, day=min(born.day + 3, 28)).isoformat(),
        sex="M" if a.sex == "F" else "F",
    )
    return Pair("one name in a household, another birthday", False, a, b)


KINDS: list[tuple[Callable[[Maker], Pair], int]] = [
    (as_told_again, 24),
    (misspelt, 36),
    (nickname, 36),
    (swapped, 20),
    (transposed, 24),
    (digit, 20),
    (surname_known, 20),
    (surname_unknown, 16),
    (moved, 20),
    (double, 16),
    (given_names, 12),
    (by_nhs, 14),
    (by_upn, 10),
    (sex_wrong, 10),
    (twins, 36),
    (twins_alike, 12),
    (namesake, 20),
    (namesake_numbers, 16),
    (namesake_upn, 8),
    (siblings, 24),
    (neighbours, 16),
    (same_name, 24),
    (same_name_no_date, 12),
    (cousins, 16),
    (near_name, 6),
    (named_after, 10),
]


def pairs() -> Iterator[Pair]:
    maker = Maker()
    for make, count in KINDS:
        for _ in range(count):
            yield make(maker)
    for first, last, other_first, other_last in WRITTEN:
        a = maker.child(first_name=first, last_name=last)
        yield Pair("another script or spelling", True, a, replace(a, first_name=other_first, last_name=other_last))


def main() -> None:
    names = [field.name for field in fields(Told)]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["kind", "same", *(f"a_{name}" for name in names), *(f"b_{name}" for name in names)])
    for pair in pairs():
        sides = (*asdict(pair.a).values(), *asdict(pair.b).values())
        out.writerow([pair.kind, "yes" if pair.same else "no", *sides])


if __name__ == "__main__":
    main()
