"""IEP desktop: hospital staff exchange patients' images between discs, PACS and other hospitals."""
