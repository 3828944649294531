"""The look: one table of tokens with a column for light and one for dark, type, sizes, and the stylesheet of them.

Nothing else in `ui` names a colour. Sizes follow the font (13 px is 100 %), so a larger system font makes everything
larger. Widgets get the `Theme` through their constructors, ask it while painting, and hear `changed`.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QApplication

from iep_desktop.ui import icons

TEXT_PX = 13
TITLE_PX = 18
SMALL_PX = 11  # only the initials in the avatar
FAMILY = "Inter"
_SYSTEM_POINTS = {
    "win32": 9.0,
    "darwin": 13.0,
}  # what each platform calls its normal size; Linux desktops: 11


class ThemeChoice(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colors:
    """The tokens. Text on its ground has a contrast of 4.5:1 at least; input borders have 3:1."""

    surface: str
    window: str
    sunk: str
    selection: str
    line: str
    border: str
    track: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_fill: str
    bar: str
    accent_soft: str
    danger: str
    danger_soft: str
    warn: str
    warn_soft: str
    ok: str
    ok_soft: str
    neutral: str
    neutral_soft: str
    green: str
    amber: str
    on_fill: str = "#FFFFFF"  # text and ticks on accent_fill
    image: str = "#000000"  # the ground of images, black in every theme


# fmt: off
_TABLE: dict[str, tuple[str, str]] = {
    #                light      dark
    "surface":      ("#FFFFFF", "#1A2028"),
    "window":       ("#F5F7F9", "#12171D"),
    "sunk":         ("#EEF1F4", "#232B34"),
    "selection":    ("#F0F5FA", "#202B37"),
    "line":         ("#DFE4E9", "#2E3843"),
    "border":       ("#8A96A3", "#6B7885"),
    "track":        ("#D9E0E7", "#36414C"),
    "text":         ("#17212B", "#E7ECF1"),
    "text2":        ("#51606E", "#A9B5C1"),
    "text3":        ("#5C6975", "#93A0AD"),
    "accent":       ("#005EB8", "#74B4F6"),
    "accent_fill":  ("#005EB8", "#0F6CC9"),
    "bar":          ("#005EB8", "#5AA2EC"),
    "accent_soft":  ("#DCE9F6", "#173B5E"),
    "danger":       ("#B3261E", "#FF9B94"),
    "danger_soft":  ("#FCEBEA", "#472224"),
    "warn":         ("#7A4F00", "#F0C36A"),
    "warn_soft":    ("#FFF3D6", "#3F3218"),
    "ok":           ("#17653A", "#6FD09A"),
    "ok_soft":      ("#E4F3EA", "#17352A"),
    "neutral":      ("#46545F", "#B8C3CD"),
    "neutral_soft": ("#ECEFF2", "#2C3640"),
    "green":        ("#1E7F4A", "#4CBF82"),
    "amber":        ("#B97A00", "#E0A93F"),
}
# fmt: on
LIGHT = Colors(**{token: pair[0] for token, pair in _TABLE.items()})
DARK = Colors(**{token: pair[1] for token, pair in _TABLE.items()})


@dataclass(frozen=True)
class Sizes:
    """Heights in pixels, from the height of one line of text (16 at 100 %)."""

    line: int

    def of(self, at_100_percent: int) -> int:
        """A size of the pictures, grown with the font."""
        return round(at_100_percent * self.line / 16)

    @property
    def row(self) -> int:
        return self.of(32)

    @property
    def two_line_row(self) -> int:
        return self.of(48)

    @property
    def group(self) -> int:
        return self.of(28)

    @property
    def field(self) -> int:
        return self.of(32)

    @property
    def chip(self) -> int:
        return self.of(20)

    @property
    def header(self) -> int:
        return self.of(48)

    @property
    def tabs(self) -> int:
        return self.of(40)

    @property
    def strip(self) -> int:
        return self.of(40)

    @property
    def footer(self) -> int:
        return self.of(64)

    @property
    def icon(self) -> int:
        return self.of(16)


class Theme(QObject):
    """The look of one application. Owns palette, fonts and stylesheet; knows no window."""

    changed = Signal()

    def __init__(
        self, app: QApplication, choice: ThemeChoice = ThemeChoice.SYSTEM, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._choice = choice
        self._images = QTemporaryDir()
        self._fonts: dict[tuple[int, int], QFont] = {}
        self._metrics: dict[int, QFontMetrics] = {}
        self._made_colors: dict[str, QColor] = {}
        self._family = _load_fonts() or app.font().family()
        self._text_px = _text_px(app.font())
        self.sizes = Sizes(QFontMetrics(self.font()).height())
        app.setStyle("Fusion")
        app.setFont(self.font())
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._colors = self._wanted_colors()
        self._apply()

    # -- what widgets ask

    @property
    def colors(self) -> Colors:
        return self._colors

    @property
    def is_dark(self) -> bool:
        return self._colors is DARK

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    def color(self, token: str) -> QColor:
        made = self._made_colors.get(token)
        if made is None:
            made = self._made_colors[token] = QColor(getattr(self._colors, token))
        return QColor(made)

    def font(self, weight: int = 400, *, px: int = TEXT_PX) -> QFont:
        """The one family with tabular figures; `px` is one of the sizes at 100 %."""
        made = self._fonts.get((weight, px))
        if made is None:
            made = self._fonts[weight, px] = self._make_font(weight, px)
        return QFont(made)

    def metrics(self, weight: int = 400) -> QFontMetrics:
        """Of `font(weight)`."""
        made = self._metrics.get(weight)
        if made is None:
            made = self._metrics[weight] = QFontMetrics(self.font(weight))
        return made

    def _make_font(self, weight: int, px: int) -> QFont:
        font = QFont(self._family)
        font.setPixelSize(round(px * self._text_px / TEXT_PX))
        font.setWeight(QFont.Weight(weight))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def icon(self, name: str, token: str = "text2") -> QIcon:
        """For the colours of this moment; `set_icon` follows the theme."""
        return icons.icon(name, self.color(token), self.sizes.icon, self.color("text3"))

    def pixmap(self, name: str, token: str = "text2", size: int = 0, dpr: float = 1.0) -> QPixmap:
        return icons.pixmap(name, self.color(token), size or self.sizes.icon, dpr)

    def set_icon(self, button: QAbstractButton, name: str, token: str = "text2") -> None:
        """Give a button an icon that follows the theme for as long as the button lives."""
        refresh = _IconOf(button, self, name, token)
        self.changed.connect(refresh.apply)
        refresh.apply()

    # -- switching

    def set_choice(self, choice: ThemeChoice) -> None:
        self._choice = choice
        self._system_changed()

    def _system_changed(self) -> None:
        wanted = self._wanted_colors()
        if wanted is not self._colors:
            self._colors = wanted
            self._made_colors.clear()
            self._apply()
            self.changed.emit()

    def _wanted_colors(self) -> Colors:
        if self._choice is ThemeChoice.SYSTEM:
            dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if self._choice is ThemeChoice.DARK else LIGHT

    def _apply(self) -> None:
        self._app.setPalette(_palette(self._colors))
        self._app.setStyleSheet(
            stylesheet(self._colors, self.sizes, self._text_px, Path(self._images.path()))
        )


class _IconOf(QObject):
    """Keeps one button's icon in the colours of the theme; dies with the button."""

    def __init__(self, button: QAbstractButton, theme: Theme, name: str, token: str) -> None:
        for old in button.findChildren(_IconOf, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.setParent(None)
            old.deleteLater()
        super().__init__(button)
        self._button, self._theme, self._name, self._token = button, theme, name, token

    def apply(self) -> None:
        theme, button = self._theme, self._button
        if self.parent() is None:
            return
        if button.text():
            colors = theme.color(self._token), theme.sizes.icon, theme.color("text3")
            button.setIcon(icons.icon_before_text(self._name, *colors))
            button.setIconSize(QSize(theme.sizes.icon + 2 * icons.GAP, theme.sizes.icon))
        else:
            button.setIcon(theme.icon(self._name, self._token))
            button.setIconSize(QSize(theme.sizes.icon, theme.sizes.icon))


def stylesheet(colors: Colors, sizes: Sizes, text_px: int, images: Path) -> str:
    """resources/stylesheet.qss with tokens, sizes and coloured images filled in; images are written to `images`."""
    source = files("iep_desktop").joinpath("resources/stylesheet.qss").read_text("utf-8")
    pictures = {
        "img_check": ("check", colors.on_fill),
        "img_partial": ("minus", colors.on_fill),
        "img_down": ("chevron-down", colors.text2),
        "img_down_off": ("chevron-down", colors.text3),
        "img_left": ("chevron-left", colors.text2),
        "img_right": ("chevron-right", colors.text2),
    }
    written = {key: icons.write_svg(images, name, color) for key, (name, color) in pictures.items()}
    inner = sizes.field - 4
    numbers = {
        "text_px": text_px,
        "title_px": round(TITLE_PX * text_px / TEXT_PX),
        "field_inner": inner,
        "big_inner": sizes.of(48) - 4,
        "chip": sizes.chip,
        "tick": sizes.icon - 2,
        "radio_radius": sizes.icon // 2,
        "icon": sizes.icon,
        "item": sizes.of(28),
    }
    return Template(source).substitute(asdict(colors) | written | {k: str(v) for k, v in numbers.items()})


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 to 21."""
    light, dark = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _palette(colors: Colors) -> QPalette:
    """For what the stylesheet does not reach: native parts of dialogs, placeholder text, links."""
    role = QPalette.ColorRole
    palette = QPalette()
    for where, color in {
        role.Window: colors.surface,
        role.Base: colors.surface,
        role.AlternateBase: colors.window,
        role.Button: colors.surface,
        role.ToolTipBase: colors.text,
        role.ToolTipText: colors.surface,
        role.WindowText: colors.text,
        role.Text: colors.text,
        role.ButtonText: colors.text,
        role.PlaceholderText: colors.text3,
        role.Highlight: colors.accent_fill,
        role.HighlightedText: colors.on_fill,
        role.Link: colors.accent,
        role.Accent: colors.accent_fill,
        role.Mid: colors.line,
    }.items():
        palette.setColor(where, QColor(color))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(colors.text3))
    return palette


@cache
def _load_fonts() -> str:
    """The name of our family, loaded once a process; empty where the system cannot load it."""
    fonts = files("iep_desktop").joinpath("resources/fonts").iterdir()
    loaded = [
        QFontDatabase.addApplicationFontFromData(font.read_bytes())
        for font in fonts
        if font.name.endswith(".ttf")
    ]
    return FAMILY if loaded and -1 not in loaded else ""


def _text_px(system: QFont) -> int:
    """13 px, or more where the person has asked the system for larger text."""
    usual = _SYSTEM_POINTS.get(sys.platform, 11.0)
    wanted = system.pointSizeF() / usual if system.pointSizeF() > 0 else 1.0
    return round(TEXT_PX * min(max(wanted, 1.0), 2.0))
