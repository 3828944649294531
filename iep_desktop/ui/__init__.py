"""The windows: views lay out, models hold rows, delegates paint."""
