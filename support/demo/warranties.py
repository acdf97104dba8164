"""The warranties that the assets came with, and some that were bought on top."""

from datetime import timedelta
from decimal import Decimal

from assets import warranties
from assets.models import Asset, Warranty
from config.history import create_signed, sign
from support.demo.company import Company

# category, how many, months, provider, price of each
EXTENSIONS = [
    ("Server", 6, 24, "Dell", "1180.00"),
    ("Network", 4, 12, "Elbsystem", "240.00"),
]
LAPSED = 95  # days for which nobody noticed


def write(company: Company) -> None:
    _write_standard(company)
    _write_extensions(company)
    _write_gap(company)
    _write_insurance(company)


def _write_standard(company: Company) -> None:
    assets = [asset for group in company.assets.values() for asset in group]
    standard = []
    for asset in assets:
        if asset.warranty_ends_on is None:
            continue
        row = Warranty(
            asset=asset,
            starts_on=asset.warranty_starts_on,
            months=asset.product.warranty_months,
            ends_on=asset.warranty_ends_on,
            provider=asset.product.maker,
        )
        at = company.at(asset.purchased_on or company.founded)
        standard.append(sign(row, by=company.users["it"], reason="received", at=at))
    create_signed(standard)


def _write_extensions(company: Company) -> None:
    finance = company.users["finance"]
    for category, count, months, provider, price in EXTENSIONS:
        rows = Asset.objects.in_service().filter(product__category__name=category)
        running = rows.filter(warranty_ends_on__gt=company.today)
        warranties.extend(
            running.order_by("warranty_ends_on", "tag")[:count],
            months=months,
            provider=company.vendors[provider],
            cost=Decimal(price),
            reference=f"EXT-{company.today:%Y}",
            by=finance,
            reason="kept longer than planned",
        )


def _write_gap(company: Company) -> None:
    """Of some printers the warranty had ended before anybody bought another."""
    printers = Asset.objects.in_service().filter(product__category__name="Printer")
    ended = printers.filter(warranty_ends_on__lt=company.days_ago(LAPSED)).order_by("tag")
    for asset in ended[:2]:
        assert asset.warranty_ends_on
        warranties.add(
            asset,
            kind=Warranty.Kind.EXTENSION,
            starts_on=max(asset.warranty_ends_on + timedelta(LAPSED), company.days_ago(LAPSED)),
            months=12,
            provider=company.vendors["Elbsystem"],
            cost=Decimal("160.00"),
            by=company.users["finance"],
            reason="agreed after the last repair",
        )


def _write_insurance(company: Company) -> None:
    """The dearest laptops are insured beside the warranty of their maker."""
    laptops = Asset.objects.in_service().filter(product__name="Precision 5690")
    for asset in laptops.order_by("tag")[:3]:
        warranties.add(
            asset,
            kind=Warranty.Kind.INSURANCE,
            starts_on=company.days_ago(120),
            months=12,
            reference="Policy 30-4471",
            cost=Decimal("96.00"),
            by=company.users["finance"],
            reason="insured against theft and breakage",
        )
