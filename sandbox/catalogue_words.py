"""The vocabulary of a Turkish fashion house: categories, garments, colours, sizes, brands, sentences."""

from __future__ import annotations

from dataclasses import dataclass

LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
NUMBERS = ("36", "38", "40", "42", "44", "46", "48")
DOUBLE = ("42 - 44", "46 - 48", "50 - 52", "54 - 56")
JEANS = ("27", "28", "29", "30", "31", "32", "33", "34", "36")
WOMEN_SHOES = ("36", "37", "38", "39", "40", "41")
MEN_SHOES = ("40", "41", "42", "43", "44", "45")
CHILD = ("3 Yaş", "4 Yaş", "5 Yaş", "6 Yaş", "8 Yaş", "10 Yaş", "12 Yaş")
BABY = ("0-3 Ay", "3-6 Ay", "6-9 Ay", "9-12 Ay", "12-18 Ay")
ONE = ("Tek Ebat",)

# Model and colour ids as live variant codes carry them: <parent>-M<size id>-R<colour id>.
SIZE_IDS = {
    size: number
    for number, size in enumerate(
        dict.fromkeys((*LETTERS, *NUMBERS, *DOUBLE, *JEANS, *WOMEN_SHOES, *MEN_SHOES, *CHILD, *BABY, *ONE)),
        21,
    )
}

COLOURS = {
    "Siyah": "#23201f",
    "Beyaz": "#f3f1ec",
    "Ekru": "#e7dcc6",
    "Bej": "#cdb593",
    "Taş": "#b3a794",
    "Vizon": "#9c8271",
    "Kahverengi": "#6a4730",
    "Haki": "#68694a",
    "Zümrüt Yeşili": "#0f6b50",
    "Mint": "#a9d8c2",
    "Lacivert": "#1f2b4d",
    "Saks Mavisi": "#2b55b8",
    "Bebe Mavisi": "#a9c9e8",
    "Gri Melanj": "#a3a4a6",
    "Antrasit": "#474a4f",
    "Kırmızı": "#b7222c",
    "Bordo": "#6d1a2b",
    "Pudra": "#e4b9b2",
    "Fuşya": "#c42a7a",
    "Lila": "#b9a3d6",
    "Mürdüm": "#53294c",
    "Hardal": "#c9982a",
    "Sarı": "#efcf4a",
    "Turuncu": "#df7330",
}
COLOUR_IDS = {colour: number for number, colour in enumerate(COLOURS, 11)}

BRANDS = (
    "Örnek Moda",
    "Zeyrek",
    "İncili Atölye",
    "Mavi Nar",
    "Şile Keten",
    "Kuzguncuk",
    "Pera Denim",
    "Çınaraltı",
)


@dataclass(frozen=True)
class Garment:
    """One leaf of the category tree with what is sold in it; prices in lira, VAT included."""

    noun: str
    code: str
    picture: str
    sizes: tuple[tuple[str, ...], ...]
    price: tuple[int, int]
    vat: int = 10
    fabrics: tuple[str, ...] = ("Pamuklu", "Viskon", "Keten", "Şifon", "Saten", "Krep")
    looks: tuple[str, ...] = (
        "Çiçekli",
        "Düz",
        "Kuşaklı",
        "Desenli",
        "Fırfırlı",
        "Oversize",
        "Dökümlü",
        "Puantiyeli",
    )


_WARM = ("Yün", "Kaşe", "Triko", "Peluş", "Kaz Tüyü")
_MEN = ("Slim Fit", "Regular Fit", "Oversize", "Çizgili", "Kareli", "Basic", "Baskılı")
_COTTON = ("Pamuklu", "Penye", "Poplin", "Oxford", "Keten", "İki İplik")
_LEATHER = ("Hakiki Deri", "Suni Deri", "Süet", "Rugan")
_SHOE = ("Bağcıklı", "Tokalı", "Sivri Burun", "Kalın Taban", "Günlük", "Klasik")
_BAG = ("Zincirli", "Kapaklı", "Çok Gözlü", "Kroko Desen", "Hasır", "Mini")
_SCARF = ("İpek", "Pamuklu", "Kaşmir", "Twill", "Viskon")
_KID = ("Baskılı", "Simli", "Kapüşonlu", "Rahat Kesim", "Dinozorlu", "Çilekli")

TREE: dict[str, dict[str, Garment]] = {
    "Kadın": {
        "Elbise": Garment("Elbise", "EL", "dress", (LETTERS, NUMBERS), (799, 2899)),
        "Bluz": Garment("Bluz", "BL", "shirt", (LETTERS,), (349, 1099)),
        "Gömlek": Garment("Gömlek", "GM", "shirt", (LETTERS, NUMBERS), (449, 1299)),
        "Tunik": Garment("Tunik", "TN", "dress", (NUMBERS, DOUBLE), (499, 1399)),
        "Etek": Garment("Etek", "ET", "skirt", (LETTERS, NUMBERS), (399, 1199)),
        "Pantolon": Garment("Pantolon", "PN", "trousers", (NUMBERS, DOUBLE), (549, 1499)),
        "Jean": Garment("Jean", "JN", "trousers", (JEANS,), (699, 1799), fabrics=("Denim", "Likralı Denim")),
        "Triko": Garment("Kazak", "TR", "jumper", (LETTERS,), (499, 1599), fabrics=_WARM[:3]),
        "Ceket": Garment("Blazer Ceket", "CK", "jacket", (NUMBERS,), (999, 2999)),
        "Kaban & Mont": Garment("Kaban", "KB", "jacket", (LETTERS, NUMBERS), (1799, 5499), fabrics=_WARM),
    },
    "Erkek": {
        "Gömlek": Garment("Erkek Gömlek", "EG", "shirt", (LETTERS,), (499, 1399), 10, _COTTON, _MEN),
        "Tişört": Garment("Erkek Tişört", "ES", "tee", (LETTERS,), (249, 799), 10, _COTTON, _MEN),
        "Pantolon": Garment(
            "Erkek Pantolon", "EP", "trousers", (JEANS, NUMBERS), (649, 1699), 10, _COTTON, _MEN
        ),
        "Sweatshirt": Garment("Erkek Sweatshirt", "ST", "jumper", (LETTERS,), (449, 1299), 10, _COTTON, _MEN),
        "Mont": Garment("Erkek Mont", "EM", "jacket", (LETTERS,), (1499, 4999), 10, _WARM, _MEN),
    },
    "Çocuk": {
        "Kız Çocuk": Garment("Kız Çocuk Elbise", "KC", "dress", (CHILD,), (299, 899), 10, _COTTON, _KID),
        "Erkek Çocuk": Garment(
            "Erkek Çocuk Eşofman Takımı", "EC", "tee", (CHILD,), (349, 999), 10, _COTTON, _KID
        ),
        "Bebek": Garment("Bebek Tulum", "BB", "tee", (BABY,), (249, 699), 10, _COTTON, _KID),
    },
    "Ayakkabı": {
        "Kadın Ayakkabı": Garment(
            "Kadın Ayakkabı", "KA", "shoe", (WOMEN_SHOES,), (899, 2799), 10, _LEATHER, _SHOE
        ),
        "Erkek Ayakkabı": Garment(
            "Erkek Ayakkabı", "EA", "shoe", (MEN_SHOES,), (1099, 3299), 10, _LEATHER, _SHOE
        ),
    },
    "Aksesuar": {
        "Çanta": Garment("Omuz Çantası", "CN", "bag", (ONE,), (599, 2499), 20, _LEATHER, _BAG),
        "Şal & Eşarp": Garment("Şal", "SL", "scarf", (ONE,), (149, 899), 10, _SCARF),
        "Kemer": Garment(
            "Kemer", "KM", "belt", (("90", "100", "110", "120"),), (199, 699), 20, _LEATHER, _MEN[4:]
        ),
    },
}

SHORT = (
    "{fabric} kumaştan {noun}.",
    "Yeni sezon {look} {noun}.",
    "Günlük kullanıma uygun {fabric} {noun}.",
    "{look} detaylı, rahat kesim {noun}.",
)
DETAIL = (
    "Ofisten akşam davetine kadar her kombine uyum sağlar.",
    "Nefes alan dokusu sayesinde gün boyu rahatlık sunar.",
    "Zamansız kesimiyle gardırobunuzun vazgeçilmezi olacak.",
    "İnce işçiliği ve özenli dikişleriyle dikkat çeker.",
    "Mevsim geçişlerinde tek başına ya da katmanlı giyilebilir.",
)
CARE = (
    "30 °C'de hassas yıkama",
    "Ağartıcı kullanmayınız",
    "Düşük ısıda ütüleyiniz",
    "Kuru temizleme önerilir",
)
FITS = (
    "Manken L beden giymektedir.",
    "Kalıbı tam kalıptır.",
    "Bir beden büyük tercih edilebilir.",
    "Astarlıdır.",
)
for _size in ("90", "100", "110", "120"):
    SIZE_IDS.setdefault(_size, len(SIZE_IDS) + 21)
