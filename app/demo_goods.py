"""The demo companies: their people, places and goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Good(NamedTuple):
    """An item: SKU, name, category, unit, price, what a full shelf holds, and how it should end up in the first warehouse."""

    sku: str
    name: str
    category: str
    unit: str
    price: str
    full: int
    ends: str = "ok"


@dataclass(frozen=True, slots=True)
class Company:
    """A demo company. The first warehouse is its main one; people are (role, name)."""

    slug: str
    name: str
    language: str
    warehouses: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    goods: tuple[Good, ...]
    plan: str = "growth"
    time_zone: str = "Asia/Bishkek"
    currency: str = "KGS"


def barcode(number: int) -> str:
    """An EAN-13 of the range 20 to 29, which shops use inside."""
    digits = f"21{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


ALA_TOO = Company(
    slug="ala-too",
    name="Ala-Too Gifts",
    language="en",
    warehouses=(("main", "Main"), ("osh", "Osh"), ("bishkek", "Bishkek")),
    people=(
        ("admin", "Aizada Toktogulova"),
        ("manager", "Nurlan Asanov"),
        ("inventory", "Aibek Sydykov"),
        ("operator", "Begimai Osmonova"),
        ("viewer", "Timur Kasymov"),
    ),
    goods=(
        Good("G10110", "Felt slippers, snow leopard, 38", "Felt", "pcs", "1450", 120),
        Good("G10111", "Felt slippers, snow leopard, 41", "Felt", "pcs", "1450", 120),
        Good("G10112", "Felt slippers, ram's horn, 43", "Felt", "pcs", "1490", 90, "low"),
        Good("G10125", "Felt coaster, set of 6", "Felt", "pcs", "680", 260),
        Good("G10140", "Felt camel, small", "Felt", "pcs", "390", 400),
        Good("G10141", "Felt camel, large", "Felt", "pcs", "990", 140, "out"),
        Good("G10160", "Shyrdak cushion, red and white", "Felt", "pcs", "2350", 80),
        Good("G10161", "Shyrdak cushion, blue and ochre", "Felt", "pcs", "2350", 80, "low"),
        Good("G10170", "Shyrdak rug, 80 by 150 cm", "Felt", "pcs", "14900", 24),
        Good("G20210", "Tea bowl, cobalt", "Ceramics", "pcs", "420", 640),
        Good("G20211", "Tea bowl, pomegranate", "Ceramics", "pcs", "420", 640),
        Good("G20212", "Tea bowl, set of 6 in a box", "Ceramics", "pcs", "2590", 120),
        Good("G20220", "Teapot, cobalt, 1 l", "Ceramics", "pcs", "1890", 96, "low"),
        Good("G20235", "Serving dish, 30 cm", "Ceramics", "pcs", "1750", 110),
        Good("G20240", "Sugar bowl with lid", "Ceramics", "pcs", "760", 150, "out"),
        Good("G20260", "Hanging heart, fired clay", "Ceramics", "pcs", "190", 1200),
        Good("G30310", "Beeswax candle, 12 cm", "Candles", "pcs", "260", 900),
        Good("G30311", "Beeswax candle, 20 cm", "Candles", "pcs", "380", 700),
        Good("G30320", "Juniper candle in a tin", "Candles", "pcs", "540", 480),
        Good("G30330", "Tea lights, pack of 24", "Candles", "pcs", "320", 360, "over"),
        Good("G30345", "Soy wax flakes", "Candles", "kg", "310", 180, "low"),
        Good("G30346", "Beeswax, blocks", "Candles", "kg", "920", 75),
        Good("G40410", "Walnuts from Arslanbob, shelled", "Sweets", "kg", "980", 140),
        Good("G40411", "Dried apricots", "Sweets", "kg", "640", 160),
        Good("G40420", "White honey, jar 500 g", "Sweets", "pcs", "790", 420),
        Good("G40421", "White honey, jar 250 g", "Sweets", "pcs", "450", 520),
        Good("G40430", "Mountain tea, loose", "Sweets", "kg", "1350", 48),
        Good("G40440", "Chak-chak gift box", "Sweets", "pcs", "690", 200, "low"),
        Good("G50510", "Satin ribbon, red, 25 mm", "Wrapping", "m", "28", 900),
        Good("G50511", "Satin ribbon, gold, 25 mm", "Wrapping", "m", "28", 900),
        Good("G50512", "Jute twine", "Wrapping", "m", "9", 1600),
        Good("G50520", "Kraft paper bag, small", "Wrapping", "pcs", "22", 3200),
        Good("G50521", "Kraft paper bag, large", "Wrapping", "pcs", "34", 2400, "over"),
        Good("G50530", "Gift box, 20 by 20 cm", "Wrapping", "pcs", "120", 800),
        Good("G50540", "Gift tags, pack of 20", "Wrapping", "pcs", "95", 600),
        Good("G60610", "Postcard, Song-Kol at dawn", "Paper", "pcs", "40", 2600),
        Good("G60611", "Postcard, Tash-Rabat", "Paper", "pcs", "40", 2600),
        Good("G60620", "Notebook, felt cover", "Paper", "pcs", "560", 260),
        Good("G60630", "Wall calendar", "Paper", "pcs", "490", 300, "out"),
        Good("G60640", "Map of the Tien Shan, folded", "Paper", "pcs", "350", 240),
    ),
)

TIEN_SHAN = Company(
    slug="tien-shan",
    name="Tien-Shan Kitchen",
    language="ru",
    warehouses=(("depot", "Склад"), ("kara-balta", "Кара-Балта")),
    people=(
        ("admin", "Elena Kim"),
        ("manager", "Ruslan Ibraimov"),
        ("inventory", "Daniyar Bekov"),
        ("operator", "Olga Petrova"),
        ("viewer", "Gulnara Alieva"),
    ),
    goods=(
        Good("K-100", "Казан чугунный, 8 л", "Посуда", "pcs", "4200", 60),
        Good("K-101", "Казан чугунный, 12 л", "Посуда", "pcs", "5900", 40, "low"),
        Good("K-120", "Шампур, 60 см", "Посуда", "pcs", "140", 900),
        Good("K-140", "Ляган, 35 см", "Посуда", "pcs", "680", 180),
        Good("K-200", "Мука высший сорт", "Продукты", "kg", "48", 2400),
        Good("K-201", "Рис девзира", "Продукты", "kg", "260", 900),
        Good("K-202", "Нут", "Продукты", "kg", "120", 500, "low"),
        Good("K-210", "Масло хлопковое, 5 л", "Продукты", "pcs", "690", 220),
        Good("K-220", "Зира", "Специи", "kg", "900", 40),
        Good("K-221", "Барбарис", "Специи", "kg", "1100", 25, "out"),
        Good("K-300", "Полотно льняное", "Текстиль", "m", "390", 320),
        Good("K-310", "Фартук повара", "Текстиль", "pcs", "850", 140),
    ),
)

COMPANIES = (ALA_TOO, TIEN_SHAN)
