"""Believable Turkish customers: names, addresses, phones, invoice identities (checksums hold)."""

from __future__ import annotations

import random
from typing import Any

from sandbox.shopify.make import handle_of

Obj = dict[str, Any]
FIRST = [
    "Ayşe",
    "Fatma",
    "Zeynep",
    "Elif",
    "Merve",
    "Büşra",
    "Esra",
    "Selin",
    "Deniz",
    "Ebru",
    "Gül",
    "Hülya",
    "İrem",
    "Özge",
    "Şeyma",
    "Tuğba",
    "Çağla",
    "Pınar",
    "Sibel",
    "Aslı",
    "Mehmet",
    "Mustafa",
    "Ahmet",
    "Ali",
    "Hüseyin",
    "Emre",
    "Burak",
    "Can",
    "Kerem",
    "Oğuz",
    "Serkan",
    "Tolga",
    "Uğur",
    "Volkan",
    "Yiğit",
    "Barış",
    "Cem",
    "Kaan",
    "İlker",
]
LAST = [
    "Yılmaz",
    "Kaya",
    "Demir",
    "Şahin",
    "Çelik",
    "Yıldız",
    "Yıldırım",
    "Öztürk",
    "Aydın",
    "Özdemir",
    "Arslan",
    "Doğan",
    "Kılıç",
    "Aslan",
    "Çetin",
    "Kara",
    "Koç",
    "Kurt",
    "Özkan",
    "Şimşek",
    "Polat",
    "Korkmaz",
    "Çakır",
    "Erdoğan",
    "Güneş",
    "Aksoy",
    "Ünal",
    "Tekin",
    "Işık",
    "Bulut",
]
# city, plate code, district, postcode
PLACES = (
    ("İstanbul", "TR-34", "Kadıköy", "34710"),
    ("İstanbul", "TR-34", "Beşiktaş", "34353"),
    ("İstanbul", "TR-34", "Ümraniye", "34764"),
    ("Ankara", "TR-06", "Çankaya", "06690"),
    ("Ankara", "TR-06", "Keçiören", "06280"),
    ("İzmir", "TR-35", "Karşıyaka", "35530"),
    ("Bursa", "TR-16", "Nilüfer", "16110"),
    ("Antalya", "TR-07", "Muratpaşa", "07160"),
    ("Adana", "TR-01", "Seyhan", "01010"),
    ("Konya", "TR-42", "Selçuklu", "42060"),
    ("Gaziantep", "TR-27", "Şahinbey", "27010"),
    ("Trabzon", "TR-61", "Ortahisar", "61030"),
)
STREETS = (
    "Atatürk Cad.",
    "Cumhuriyet Mah. Lale Sok.",
    "Bağdat Cad.",
    "İnönü Bulv.",
    "Fatih Mah. Çınar Sok.",
    "Gazi Cad.",
    "Şehit Ömer Sok.",
)
COMPANIES = (
    "Yıldız Tekstil Ltd. Şti.",
    "Çınar Dış Ticaret A.Ş.",
    "Öz Anadolu Gıda San. Tic. Ltd. Şti.",
    "Mavi Ofis Danışmanlık A.Ş.",
)
OFFICES = ("Kadıköy", "Beşiktaş", "Çankaya", "Karşıyaka", "Osmangazi", "Seyhan")


def person(dice: random.Random) -> Obj:
    """A customer with an address."""
    first, last = dice.choice(FIRST), dice.choice(LAST)
    phone = f"+905{dice.choice((3, 4, 5))}{dice.randrange(10):d}{dice.randrange(10**7):07d}"
    mail = f"{handle_of(first)}.{handle_of(last)}{dice.randrange(1000)}@example.com"
    return {
        "firstName": first,
        "lastName": last,
        "email": mail,
        "phone": phone,
        "address": place(dice, first, last, phone),
    }


def place(dice: random.Random, first: str, last: str, phone: str | None) -> Obj:
    """A Turkish mailing address."""
    city, code, district, postcode = dice.choice(PLACES)
    street = dice.choice(STREETS)
    return {
        "firstName": first,
        "lastName": last,
        "address1": f"{street} No:{dice.randrange(1, 150)} D:{dice.randrange(1, 25)}",
        "address2": district,
        "city": city,
        "province": city,
        "provinceCode": code,
        "zip": postcode,
        "countryCode": "TR",
        "phone": phone,
    }


def company(dice: random.Random) -> tuple[str, str, str]:
    """(name, tax office, tax number) of a business buyer."""
    return dice.choice(COMPANIES), dice.choice(OFFICES), vkn(dice)


def tckn(dice: random.Random) -> str:
    """A Turkish identity number whose two check digits are right."""
    digits = [dice.randrange(1, 10), *(dice.randrange(10) for _ in range(8))]
    tenth = (7 * sum(digits[0::2]) - sum(digits[1::2])) % 10
    digits.append(tenth)
    digits.append(sum(digits) % 10)
    return "".join(map(str, digits))


def vkn(dice: random.Random) -> str:
    """A Turkish tax number whose check digit is right."""
    digits = [dice.randrange(10) for _ in range(9)]
    total = 0
    for n, digit in enumerate(digits):
        part = (digit + 9 - n) % 10
        rest = part * 2 ** (9 - n) % 9
        total += 9 if part and not rest else rest
    return "".join(map(str, digits)) + str((10 - total % 10) % 10)
