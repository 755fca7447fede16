"""The words that are understood, as whole words: a blueprint is not blue."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.renderer.domain.wishes import Look


class Kind(Enum):
    """What part a word plays: "blur it", "a blurry picture", "less blur"."""

    VERB = auto()
    QUALITY = auto()
    NOUN = auto()


@dataclass(frozen=True, slots=True)
class Effect:
    """A look that a word stands for, its direction (1 or -1) and the part that the word plays."""

    look: Look
    sign: int
    kind: Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table() -> dict[str, Effect]:
    rows = (
        (Look.BRIGHTNESS, 1, Kind.VERB, "brighten lighten brightened lightened brightening"),
        (Look.BRIGHTNESS, 1, Kind.QUALITY, "bright brighter lighter luminous"),
        (Look.BRIGHTNESS, 1, Kind.NOUN, "brightness exposure"),
        (Look.BRIGHTNESS, -1, Kind.VERB, "darken darkened darkening dim dimmed"),
        (Look.BRIGHTNESS, -1, Kind.QUALITY, "dark darker dimmer"),
        (Look.BRIGHTNESS, -1, Kind.NOUN, "darkness"),
        (Look.CONTRAST, 1, Kind.QUALITY, "contrasty contrasted punchy punchier"),
        (Look.CONTRAST, 1, Kind.NOUN, "contrast contrasts"),
        (Look.CONTRAST, -1, Kind.QUALITY, "flat flatter"),
        (Look.SATURATION, 1, Kind.VERB, "saturate"),
        (Look.SATURATION, 1, Kind.QUALITY, "saturated colourful vivid vibrant richer vivider"),
        (Look.SATURATION, 1, Kind.NOUN, "saturation vibrance vibrancy"),
        (Look.SATURATION, -1, Kind.VERB, "desaturate mute"),
        (Look.SATURATION, -1, Kind.QUALITY, "desaturated muted faded dull duller"),
        (Look.WARMTH, 1, Kind.VERB, "warm"),
        (Look.WARMTH, 1, Kind.QUALITY, "warmer warmed cosy cozy goldenhour golden"),
        (Look.WARMTH, 1, Kind.NOUN, "warmth"),
        (Look.WARMTH, -1, Kind.QUALITY, "cooler cold colder chilly icy cooltoned"),
        (Look.WARMTH, -1, Kind.NOUN, "coolness"),
        (Look.DRAMA, 1, Kind.VERB, "dramatise dramatize"),
        (
            Look.DRAMA,
            1,
            Kind.QUALITY,
            "dramatic moody moodier cinematic epic stormy ominous gloomy",
        ),
        (Look.DRAMA, 1, Kind.NOUN, "drama moodiness"),
        (Look.GREYSCALE, 1, Kind.QUALITY, "greyscale monochrome"),
        (Look.SEPIA, 1, Kind.QUALITY, "sepia vintage retro antique oldfashioned"),
        (Look.BALANCE, 1, Kind.NOUN, "whitebalance"),
        (Look.BLUR, 1, Kind.VERB, "blur soften blurred"),
        (Look.BLUR, 1, Kind.QUALITY, "blurry blurrier softer softfocus"),
        (Look.BLUR, 1, Kind.NOUN, "blurriness blurring"),
        (Look.SHARPEN, 1, Kind.VERB, "sharpen sharpened unblur deblur"),
        (Look.SHARPEN, 1, Kind.QUALITY, "sharp sharper crisp crisper"),
        (Look.SHARPEN, 1, Kind.NOUN, "sharpness crispness clarity sharpening"),
        (Look.VIGNETTE, 1, Kind.NOUN, "vignette vignetting"),
        (Look.PIXELATE, 1, Kind.VERB, "pixelate pixellate"),
        (Look.PIXELATE, 1, Kind.QUALITY, "pixelated pixellated pixelart"),
        (Look.PIXELATE, 1, Kind.NOUN, "pixelation mosaic"),
        (Look.POSTERISE, 1, Kind.VERB, "posterise posterize"),
        (Look.POSTERISE, 1, Kind.QUALITY, "posterised posterized"),
        (Look.POSTERISE, 1, Kind.NOUN, "posterisation posterization postereffect"),
    )
    return {
        word: Effect(look, sign, kind) for look, sign, kind, words in rows for word in words.split()
    }


EFFECTS: Final = _table()

COLOURS: Final = {
    "red": (226, 38, 38),
    "crimson": (200, 24, 60),
    "orange": (245, 130, 25),
    "amber": (245, 165, 30),
    "peach": (250, 180, 140),
    "yellow": (245, 220, 40),
    "gold": (225, 175, 50),
    "green": (50, 165, 65),
    "mint": (130, 220, 170),
    "teal": (20, 135, 135),
    "turquoise": (50, 200, 195),
    "cyan": (40, 205, 225),
    "aqua": (60, 200, 215),
    "skyblue": (110, 180, 240),
    "blue": (45, 95, 230),
    "navy": (25, 45, 120),
    "indigo": (75, 45, 170),
    "purple": (135, 60, 190),
    "violet": (140, 75, 215),
    "lavender": (180, 160, 230),
    "lilac": (195, 160, 215),
    "magenta": (220, 40, 160),
    "pink": (245, 120, 175),
    "brown": (135, 90, 55),
}
"""Colour -> its red, green and blue."""

SHADES_OF: Final = {
    **dict.fromkeys(("bluer", "bluish", "blueish", "blues"), "blue"),
    **dict.fromkeys(("redder", "reddish", "reds"), "red"),
    **dict.fromkeys(("greener", "greenish", "greens"), "green"),
    **dict.fromkeys(("yellower", "yellowish"), "yellow"),
    **dict.fromkeys(("pinker", "pinkish"), "pink"),
    **dict.fromkeys(("purplish", "purpler"), "purple"),
    **dict.fromkeys(("orangey", "orangish"), "orange"),
}
GREYS: Final = frozenset({"grey", "gray", "greyish", "grayish"})
LIGHT: Final = frozenset({"light", "pale", "pastel", "baby", "soft"})
DEEP: Final = frozenset({"dark", "deep", "midnight"})
STRONG_COLOUR: Final = frozenset({"bright", "hot", "neon", "royal", "electric", "vivid", "rich"})
SHADE_WORDS: Final = LIGHT | DEEP | STRONG_COLOUR

TINT_NOUNS: Final = _words(
    "tint tints tinted tone tones toned toning hue hues cast tinge wash filter overlay shade "
    "shades light lighting glow look palette colour colours mood atmosphere vibe feel "
    "colourcast"
)
"""Words that make a colour in front of them the colour of the picture."""

SLIGHTLY: Final = _words(
    "slightly slight small tiny minor abit subtle subtly gently gentle mildly mild somewhat "
    "lightly faint faintly"
)
STRONGLY: Final = _words(
    "much alot very really strongly strong heavily heavy extremely super way far dramatically "
    "significantly intensely intense extra completely totally fully entirely ultra massively "
    "considerably hugely noticeably big"
)
DOUBLE: Final = frozenset({"twice", "double"})
HALF: Final = frozenset({"half", "halve"})

MORE: Final = _words(
    "more increase increased increasing boost add adding raise raised higher high enhance up "
    "stronger extra enhanced improve bump"
)
LESS: Final = _words(
    "less reduce reduced reducing decrease decreased decreasing lower lowered low fewer down "
    "weaken minimise minimize remove removing"
)
REMOVE: Final = _words("remove removing")

NEGATORS: Final = _words(
    "not no without avoid keep keeping leave leaving preserve preserving retain retaining "
    "maintain maintaining never nothing except stop"
)
"""What follows one of these in its clause is not wished for."""
EXCEPTIONS: Final = NEGATORS & _words(
    "keep keeping leave leaving preserve preserving retain retaining except"
)
"""Negators that spare something, which is only possible for the picture as a whole."""
LISTING_NEGATORS: Final = frozenset({"no", "without"})

GOVERNORS: Final = _words(
    "make making made turn turned give get render change colour coloured tint tinted tinting "
    "paint dye wash bathe bathed shift convert transform let have want add adding put apply "
    "everything all increase boost raise reduce decrease lower enhance improve remove fix "
    "correct use bump"
)
"""Verbs (and the like) whose object stands between them and the wish."""

REQUESTS: Final = GOVERNORS - {
    "everything",
    "all",
    "let",
    "have",
    "get",
    "want",
    "use",
} | _words(
    "replace erase delete swap insert draw write place move create generate rotate crop flip "
    "mirror zoom resize enlarge upscale cut extend expand clean retouch restyle dress"
)
"""Verbs that ask for something: a clause with one and without a wish was not understood."""

VERBS: Final = REQUESTS | {
    "spin",
    *(word for word, effect in EFFECTS.items() if effect.kind is Kind.VERB),
}
"""Verbs that stand for what is to be done."""

STOPS: Final = _words(
    "to into in on of by with like so for at from until till than as because since that which "
    "who around over across near behind off if when where"
)
"""Words behind which no direct object goes on."""
PLACES: Final = frozenset({"to", "in", "on", "at", "of", "over", "across", "around"})

FIXES: Final = _words("fix correct neutralise neutralize")

SKY: Final = frozenset({"sky", "skies", "cloud", "clouds", "heavens"})

FILLERS: Final = _words(
    "a an the this that these those my our your his her their its it them some any all whole "
    "entire full overall complete everything everywhere please kindly now just again also too "
    "even still more less look looks looking feel feels feeling appear appears be is s are "
    "was seem photo photos photograph picture pictures pic pics image images shot snapshot "
    "scene view frame landscape version edit print style effect effects colour colours tone "
    "tones hue hues light lights lighting mood atmosphere vibe vibes result thing tint filter "
    "exposure sunset sunrise level levels amount kind sort of bit lot quite rather pretty so "
    "me i we you want need would like could can will should one nice nicely better with up "
    "down out there here maybe not enough perhaps love something prefer think hope hello hi "
    "hey thanks thank d m ll ve re t same unchanged original intact size quality "
    "composition throughout together though way finish temperature palette ambience ambiance "
    "alone anything touch touching change changing changes alter altering affect affecting modify "
    "modifying try consider start go ahead possible bare"
)
"""Words that name the picture as a whole, or nothing."""
