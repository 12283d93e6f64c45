"""Trustpilot's own pictures, words, locales and countries. Chapter "Resources API".

Every picture's address leads to the mock itself: Trustpilot's artwork is nowhere in it.
"""

from __future__ import annotations

from typing import Any, Final

from mockserver import hints, reference
from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.trustpilot.images import example_image
from mockserver.trustpilot.locales import DEFAULT_LOCALE, advice, known, translated
from mockserver.trustpilot.model import Application, Token
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]
Caller = Application | Token | None

_STAR_SIZES: Final = ((128, 24), (256, 48), (512, 96))
_LOGO_SIZES: Final = ((126, 31), (252, 62))
_ICON_SIZES: Final = ((230, 230),)
_SITES: Final = (
    *("legalUrl", "commercialUrl", "aboutTrustpilotUrl", "supportUrl", "helpCenterUrl", "blog", "businessSignupUrl"),
    *("pressUrl", "investorsUrl", "jobsUrl", "statusPageUrl"),
)


def _admit(world: World, caller: Caller) -> None:
    """Ask for a key, as the reference does; the official collection sends none (variant ``resources_key``).

    :raises Problem: ``invalid-api-key``
    """
    if caller is None and world.variants["resources_key"] == "required":
        raise Problem("invalid-api-key", hint=f"{hints.API_KEY_MISSING} {hints.RESOURCES_KEY}")


@bindings.handles("listImageResources")
def list_image_resources(world: World, caller: Caller, api_url: str) -> Json:
    """Where the pictures are (RES)."""
    _admit(world, caller)
    base = f"{api_url}/v1/resources/images"
    return {
        "links": [
            *(
                {"href": f"{base}/stars/{stars}", "method": "GET", "rel": "stars"}
                for stars in reference.read("stars")["en"]
            ),
            {"href": f"{base}/logos", "method": "GET", "rel": "logos"},
            {"href": f"{base}/icons", "method": "GET", "rel": "icons"},
        ]
    }


@bindings.handles("getStarImages")
def get_star_images(world: World, caller: Caller, stars: str, api_url: str) -> Json:
    """A number of stars in its sizes; addresses without a scheme, sizes as texts, as in the reference (RES)."""
    _admit(world, caller)
    return {
        **{f"star{width}x{height}": _image(api_url, f"stars-{stars}", width, height) for width, height in _STAR_SIZES},
        "starSvg": _image(api_url, f"stars-{stars}", *_STAR_SIZES[-1], kind="svg"),
        "stars": float(stars) if "." in stars else int(stars),
    }


@bindings.handles("getLogoImages")
def get_logo_images(world: World, caller: Caller, api_url: str) -> Json:
    """The logo in its sizes. No source shows them: names and sizes are ours."""
    _admit(world, caller)
    return {f"image{width}x{height}": _image(api_url, "logo", width, height) for width, height in _LOGO_SIZES}


@bindings.handles("getIconImages")
def get_icon_images(world: World, caller: Caller, api_url: str) -> Json:
    """The icon (C7 for the name)."""
    _admit(world, caller)
    return {f"image{width}x{height}": _image(api_url, "icon", width, height) for width, height in _ICON_SIZES}


def _image(api_url: str, name: str, width: int, height: int, kind: str = "png") -> Json:
    url = example_image(api_url, f"{name}-{width}x{height}.{kind}")
    return {"url": url[url.index("//") :], "width": str(width), "height": str(height)}


@bindings.handles("getStarString")
def get_star_string(world: World, caller: Caller, stars: str, locale: str | None) -> Answer:
    """What a number of stars is called, such as Excellent (RES; a public program reads ``string``)."""
    _admit(world, caller)
    if locale is None and world.variants["star_string_locale"] == "required":
        raise Problem("invalid-request", hint=hints.STAR_LOCALE, detail=hints.STAR_LOCALE)
    words = {language: names[stars] for language, names in reference.read("stars").items()}
    body = {
        "stars": float(stars) if "." in stars else int(stars),
        "string": translated(words, locale or DEFAULT_LOCALE),
    }
    return Answer(200, body, hint=advice(words, locale))


@bindings.handles("listLocales")
def list_locales(world: World, caller: Caller, translation_locale: str, api_url: str) -> Answer:
    """All locales with the addresses of their sites (RES). ``countryId`` is a number here, and a text in countries."""
    _admit(world, caller)
    locales = [_locale(entry, translation_locale, api_url) for entry in known()]
    [default] = [entry for entry in locales if entry["locale"] == DEFAULT_LOCALE]
    return Answer(200, {"locales": locales, "defaultLocale": default}, hint=_partly(translation_locale))


def _locale(entry: Json, translation_locale: str, api_url: str) -> Json:
    locale: str = entry["locale"]
    own = locale[:2] == translation_locale[:2]
    site = f"{api_url}/_mock/example-sites/{locale}"
    return {
        "locale": locale,
        "language": locale[:2],
        "region": locale[-2:],
        "countryId": entry["countryId"],
        "nativeName": entry["nativeName"],
        "translatedName": entry["nativeName"] if own else entry["englishName"],
        "tld": entry["tld"],
        "consumerWebApp": f"{site}/",
        "businessWebApp": f"{site}/business/",
        **{name: f"{site}/{name}" for name in _SITES},
        "isDefaultForLanguage": entry["default"],
        "isSupportedInBusinessWebApp": entry["default"],
    }


@bindings.handles("listCountries")
def list_countries(world: World, caller: Caller, locale: str | None) -> Answer:
    """All countries (RES). Each is named in its own language unless another is asked for."""
    _admit(world, caller)
    countries = [
        {
            "countryId": entry["countryId"],
            "country": entry["country"],
            "englishName": entry["englishName"],
            "locale": entry["locale"],
            "translatedName": entry["nativeName"]
            if locale is None or locale[:2] == entry["locale"][:2]
            else entry["englishName"],
        }
        for entry in reference.read("countries")
    ]
    return Answer(200, {"countries": countries}, hint=_partly(locale))


def _partly(locale: str | None) -> str | None:
    return None if locale is None or locale[:2] == "en" else hints.partly_translated(locale)
