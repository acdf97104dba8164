"""The currencies of ISO 4217 that amounts can be in, and nothing that merely looks like one."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

IN_USE = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
    VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
# What old papers may be in: withdrawn since 1999, most of them for the euro.
WITHDRAWN = """
    ATS BEF BYR CUC CYP DEM EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF LVL MRO MTL MZM NLG PTE ROL
    SIT SKK SLL STD TRL VEF ZMK ZWL
"""
CODES = frozenset(f"{IN_USE} {WITHDRAWN}".split())

WELL_FORMED = RegexValidator(r"^[A-Z]{3}$", "Give an ISO 4217 code such as EUR.")


def check(code: str) -> None:
    """Raises ValidationError where three letters name no currency; on others WELL_FORMED speaks."""
    if re.fullmatch(WELL_FORMED.regex, code) and code not in CODES:
        raise ValidationError(f"{code} is no currency. Give an ISO 4217 code such as EUR.")
