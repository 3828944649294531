"""The tabs' lists: models hold rows page by page, delegates paint them, pages put filter, list and details together."""
