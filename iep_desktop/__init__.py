"""IEP desktop: hospital staff exchange patients' images between discs, PACS and other hospitals."""

__version__ = "0.1.0"
