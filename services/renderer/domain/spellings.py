"""One spelling for what is written in many ways: patterns and what replaces them, in order."""

import re
from typing import Final

_TURNS: Final = (
    # One spelling for what is written in many ways; the order matters.
    (r"[\u2019\u00b4`]", "'"),
    (r"\b(why|can't|couldn't|won't|wouldn't)( not)? (you|we|i)\b", " "),
    (r"\bwhy not\b", " "),
    (
        r"\b((do|does|is|are|should) not|(do|does|is|are|should)n't|dont)\b",
        "not",
    ),
    (r"\b(must not|mustn't|cannot|can't|will not|won't|never)\b", "not"),
    (r"\bnot only\b", " "),
    (r"\b(rather than|instead of)\b", "without"),
    (
        (
            r"\b((apart|aside) from|other than|with the exception of|except(ing)?( for)?|excluding"
            r"|exclude|besides|outside( of)?|(?<=all )save|(?<=everything )save"
            r"|spare|sparing|skip|ignor(e|ing)|protect(ing)?)\b"
        ),
        "except",
    ),
    (r"\b(everything|all) (but|except) (for )?the (sky|skies|clouds)\b", "allbutsky"),
    # "The sky should stay as it is" is "keep the sky".
    (
        (
            r"\b(the \w+)( (should|must|has to|is to|can|may|ought to))?"
            r" (stays?|remains?|be left|be kept|untouched|unchanged)\b"
        ),
        r" keep \1 ",
    ),
    (r"\b(everything|all) but\b|\bbut(?= (for )?the \w+\s*$)", "except"),
    (r"\bcolor", "colour"),
    (r"\bgray\s*scale|\bgr[ae]y[\s-]scale", "greyscale"),
    (r"\b(black|b)[\s-]*(and|&|n|'n'|/|-)[\s-]*(white|w)\b|\bbw\b", "greyscale"),
    (
        r"\b(get rid of|take out|take away|edit out|take off|strip|drop|drain|eliminate|lose)\b",
        "remove",
    ),
    (
        (
            r"\b(remove|without|no)( all| any)?( of)?( the| its)? colours?\b"
            r"(?! (cast|tint|change|shift|noise|correct))"
        ),
        "greyscale",
    ),
    (r"\b(desaturate)( it| this| the \w+)? (completely|fully|totally|entirely)\b", "greyscale"),
    (r"\b(completely|fully|totally|entirely) desaturated?\b", "greyscale"),
    (r"\bcolour[\s-]cast\b", "colourcast"),
    (r"\bwhite[\s-]balance\b|\bbalance the colours\b|\bcolour balance\b", "whitebalance"),
    (r"\b(tone|turn|dial|bring|take) (it )?down\b", "reduce"),
    (r"\b(turn|bring|crank|dial|amp|pump) (it )?up\b", "increase"),
    (r"\bdark(en|ened|er)?( the| its)? (edges?|corners?|borders?|sides)\b", "vignette"),
    (r"\bupside[\s-]*down\b", "upsidedown"),
    (r"\bhalf (of |the |it\b|this )", "halfof "),
    (r"\b(counter|anti)[\s-]*clockwise\b|\bccw\b", "counterclockwise"),
    (r"\bcw\b", "clockwise"),
    (r"\bgolden[\s-]hour\b", "goldenhour"),
    (r"\bsoft[\s-]focus\b", "softfocus"),
    (r"\bcool(?= (tones?|colours?|light|down|temperature|hues?|palette)\b)", "cooler"),
    (r"\bcool[\s-]toned\b", "cooler"),
    (r"\bwarm[\s-]toned\b", "warmer"),
    (r"\bold[\s-]fashioned\b", "oldfashioned"),
    (r"\bpixel[\s-]art\b", "pixelart"),
    (r"\bposter (effect|look|style)\b", "postereffect"),
    (r"\bless (blur|blurry|blurred)\b|\bremove (the |any |all )*blur\b", "sharpen"),
    (r"\bcolours? (really )?pop\b", "colours vivid"),
    (r"\b(make|let) (it|this|everything|the sky) (really )?pop\b", r"make \2 vivid"),
    (r"\blike an? (very )?old (photo|photograph|picture)\b", "sepia"),
    (
        (
            r"\b(boost|increase|enhance|intensify|enrich|more|stronger|deeper|richer)"
            r" (the |its )?colours?\b(?! (contrast|cast|tint|tone))"
        ),
        "more saturation",
    ),
    (
        (
            r"\b(reduce|decrease|less|fewer|weaker|paler)"
            r" (the |its )?colours?\b(?! (contrast|cast|tint))"
        ),
        "less saturation",
    ),
    (r"(?<!the )(?<!that )(?<!this )(?<!my )\bsky[\s-]blue\b", "skyblue"),
    (r"\b(a little|a bit|a touch|a tad|a hint|just a)\b( bit)?( of)?\b", "abit"),
    (r"\ba lot\b|\blots\b", "alot"),
    (r"\+\s*(?=\d)", " increase "),
    (r"(?<![\w])[-\u2212]\s*(?=\d+(\.\d+)?\s*(%|percent|$))", " reduce "),
    (r"(\d+)(\.\d+)?\s*(%|per\s?cent\b)", r" pct\1 "),
    (r"([-\u2212])\s*(\d+)\s*(°|degrees?\b|deg\b)", r" deg\2 counterclockwise "),
    (r"(\d+)\s*(°|degrees?\b|deg\b)", r" deg\1 "),
    # A fraction is a shape only where one is spoken of.
    (r"\b(crop\w*|ratio|aspect|format)\b([^.,;]*?)\b(\d+)\s*/\s*(\d+)\b", r"\1\2 \3:\4 "),
    # A shape with a fraction in it, or in pixels, is none that can be cut.
    (r"\b\d+\.\d+\s*(:|x|by|\u00d7|/)\s*[\d.]*\d|\b\d+(:|x|\u00d7)\d*\.\d+\b", " ratio0x0 "),
    (r"\b\d{3,}\s*(:|x|by|\u00d7)\s*\d+\b|\b\d+\s*(:|x|by|\u00d7)\s*\d{3,}\b", " ratio0x0 "),
    (r"\b(\d{1,2})\s*(:|x|by|\u00d7)\s*(\d{1,2})\b", r" ratio\1x\3 "),
)
SPELLINGS: Final = tuple((re.compile(pattern), by) for pattern, by in _TURNS)
"""Each pattern with its replacement; a later one sees what an earlier one left."""
