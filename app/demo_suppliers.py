"""Whom the demo companies buy from: suppliers with their terms, and what each sells in which packs for how much."""

from __future__ import annotations

from typing import NamedTuple

from inventory.catalog.messages import Money, NewItemUnit
from inventory.suppliers.messages import NewOffer, NewSupplier, PriceBreak


class Sold(NamedTuple):
    """An offer: supplier, SKU, the supplier's own code, price of a pack; the packaging with its base units, and how many packs at
    least and at a time; prices by quantity."""

    supplier: str
    sku: str
    code: str
    price: str
    packaging: tuple[str, int] | None = None
    moq: int = 1
    multiple: int = 1
    breaks: tuple[tuple[int, str], ...] = ()
    preferred: bool = True

    def unit(self) -> NewItemUnit | None:
        """The packaging as the catalogue knows it."""
        return NewItemUnit(*self.packaging) if self.packaging else None

    def offer(self, currency: str) -> NewOffer:
        """The offer as a person would enter it."""
        return NewOffer(
            self.code,
            self.packaging[0] if self.packaging else None,
            self.multiple,
            self.moq,
            Money(self.price, currency),
            [PriceBreak(*each) for each in self.breaks],
            preferred=self.preferred,
            sku=self.sku,
        )


SUPPLIERS: dict[str, tuple[NewSupplier, ...]] = {
    "ala-too": (
        NewSupplier("ALTYN", "Altyn Oymok Felt", email="orders@altyn.example", contact="Gulnara", payment_terms_days=30, lead_time_days=12),
        NewSupplier("KARA", "Kara-Suu Ceramics", email="sales@karasuu.example", payment_terms_days=14, lead_time_days=21, language="ru"),
        NewSupplier("BAL", "Bal & Mom", phone="+996 555 010203", payment_terms_days=7, lead_time_days=3, language="ky"),
        NewSupplier("SHANGHAI", "Lucky Ribbon Trading", currency="USD", email="export@ribbon.example", lead_time_days=45),
        NewSupplier("BASMA", "Basma Print", email="basma@print.example", payment_terms_days=10, lead_time_days=6),
    ),
    "tien-shan": (
        NewSupplier("CHUGUN", "Завод «Чугун»", email="sbyt@chugun.example", payment_terms_days=30, lead_time_days=18),
        NewSupplier("UZGEN", "Узген Рис", contact="Бакыт", lead_time_days=4, language="ky"),
        NewSupplier("OPT", "Оптовый двор", payment_terms_days=7, lead_time_days=2),
    ),
}
"""By company."""

OFFERS: dict[str, tuple[Sold, ...]] = {
    "ala-too": (
        Sold("ALTYN", "G10110", "FS-38", "9600", ("carton", 12), moq=2, breaks=((10, "9120"),)),
        Sold("ALTYN", "G10111", "FS-41", "9600", ("carton", 12), moq=2, breaks=((10, "9120"),)),
        Sold("ALTYN", "G10112", "FS-43", "9900", ("carton", 12), moq=2),
        Sold("ALTYN", "G10125", "FC-6", "410", moq=20, multiple=10, breaks=((50, "395"), (200, "370"))),
        Sold("ALTYN", "G10140", "CAM-S", "4300", ("box", 20), breaks=((5, "4100"), (20, "3900"))),
        Sold("ALTYN", "G10141", "CAM-L", "5400", ("box", 10)),
        Sold("ALTYN", "G10160", "CU-RW", "1500", moq=4, multiple=2),
        Sold("ALTYN", "G10161", "CU-BO", "1500", moq=4, multiple=2),
        Sold("KARA", "G20210", "P-101", "8640", ("case", 36), breaks=((5, "8280"), (20, "7920"))),
        Sold("KARA", "G20211", "P-102", "8640", ("case", 36), breaks=((5, "8280"), (20, "7920"))),
        Sold("KARA", "G20220", "P-220", "6600", ("case", 6)),
        Sold("KARA", "G20240", "P-240", "5520", ("case", 12)),
        Sold("ALTYN", "G20260", "HH-1", "115", moq=50, multiple=10, preferred=False),
        Sold("KARA", "G20260", "P-260", "10200", ("case", 100)),
        Sold("BAL", "G30310", "", "150", moq=24, multiple=12),
        Sold("BAL", "G30345", "", "3900", ("sack", 20)),
        Sold("BAL", "G30346", "", "13500", ("sack", 20)),
        Sold("BAL", "G40420", "H-500", "5520", ("case", 12), breaks=((10, "5280"),)),
        Sold("BAL", "G40421", "H-250", "6240", ("case", 24)),
        Sold("BAL", "G40440", "CHAK", "410", moq=10),
        Sold("SHANGHAI", "G50510", "SR25-R", "4.25", ("roll", 50), moq=20, multiple=10, breaks=((100, "3.9"), (500, "3.55"))),
        Sold("SHANGHAI", "G50511", "SR25-G", "4.25", ("roll", 50), moq=20, multiple=10, breaks=((100, "3.9"), (500, "3.55"))),
        Sold("BASMA", "G50520", "KB-S", "1250", ("pack", 100), breaks=((10, "1150"),)),
        Sold("BASMA", "G50521", "KB-L", "1950", ("pack", 100), breaks=((10, "1800"),)),
        Sold("BASMA", "G60610", "PC-01", "1900", ("pack", 100)),
        Sold("BASMA", "G60630", "CAL", "260", moq=50, multiple=50),
    ),
    "tien-shan": (
        Sold("CHUGUN", "K-100", "КЧ-8", "2600", moq=5),
        Sold("CHUGUN", "K-101", "КЧ-12", "3700", moq=5),
        Sold("CHUGUN", "K-120", "Ш-60", "7800", ("box", 100)),
        Sold("UZGEN", "K-201", "", "10400", ("sack", 50), breaks=((10, "10100"), (40, "9800"))),
        Sold("OPT", "K-201", "R-2", "5600", ("bag", 25), preferred=False),
        Sold("OPT", "K-200", "M-1", "1900", ("sack", 50), breaks=((20, "1850"),)),
        Sold("OPT", "K-202", "N-1", "2300", ("bag", 25)),
        Sold("OPT", "K-210", "MX-5", "2120", ("case", 4)),
        Sold("OPT", "K-220", "", "640", moq=5),
        Sold("OPT", "K-221", "", "780", moq=5),
    ),
}
"""By company."""
