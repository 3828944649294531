"""The viewer: look before you send, see what came. Review, not diagnosis."""
