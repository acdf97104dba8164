from support.demo.company import Company


def write(company: Company) -> None:
    """To come."""
