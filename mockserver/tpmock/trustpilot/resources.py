"""Trustpilot's own pictures, words, locales and countries. Chapter "Resources API".

Every picture's address leads to the mock itself, which contains none of Trustpilot's artwork.
"""

from __future__ import annotations

from typing import Final

from tpmock.common.locales import DEFAULT_LOCALE
from tpmock.core import hints, reference_data
from tpmock.core.problems import Problem, invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.links import example_image
from tpmock.trustpilot.locales import advice, translated
from tpmock.trustpilot.model import Application, Json, Token
from tpmock.trustpilot.world import World

bindings = Bindings()

Caller = Application | Token | None

_STAR_SIZES: Final = ((128, 24), (256, 48), (512, 96))
_LOGO_SIZES: Final = ((72, 18), (144, 36), (288, 72), (576, 144))
_ICON_SIZE: Final = (230, 230)
_SITES: Final = (
    *("legalUrl", "commercialUrl", "aboutTrustpilotUrl", "supportUrl", "helpCenterUrl", "blog", "businessSignupUrl"),
    *("pressUrl", "investorsUrl", "jobsUrl", "statusPageUrl"),
)


def _admit(world: World, caller: Caller) -> None:
    """Require a key, as the reference does; the official collection sends none (variant ``resources_key``).

    :raises Problem: ``invalid-api-key``
    """
    if caller is None and world.variants["resources_key"] == "required":
        raise Problem("invalid-api-key", hint=f"{hints.API_KEY_MISSING} {hints.RESOURCES_KEY}")


@bindings.handles("listImageResources")
def list_image_resources(world: World, caller: Caller, api_url: str) -> Json:
    """Return the addresses of the pictures (RES)."""
    _admit(world, caller)
    base = f"{api_url}/v1/resources/images"
    return {
        "links": [
            *(paging.link(f"{base}/stars/{stars}", "stars") for stars in reference_data.read("stars")["en"]),
            paging.link(f"{base}/logos", "logos"),
            paging.link(f"{base}/icons", "icons"),
        ]
    }


@bindings.handles("getStarImages")
def get_star_images(world: World, caller: Caller, stars: str, api_url: str) -> Json:
    """Return the picture of a number of stars in its sizes (RES; CRAFT for the SVG's size); without a URL scheme."""
    _admit(world, caller)
    name = f"stars-{stars}"
    return {
        **{f"star{size[0]}x{size[1]}": _image(world, api_url, name, size) for size in _STAR_SIZES},
        "starSvg": _image(world, api_url, name, _STAR_SIZES[0], kind="svg"),
        "stars": float(stars) if "." in stars else int(stars),
    }


@bindings.handles("getLogoImages")
def get_logo_images(world: World, caller: Caller, api_url: str) -> Json:
    """Return the logo in its sizes, for dark and for light backgrounds (CRAFT)."""
    _admit(world, caller)
    return {f"{background}Background": _logos(world, api_url, f"logo-{background}") for background in ("dark", "light")}


def _logos(world: World, api_url: str, name: str) -> Json:
    return {
        **{f"logo{size[0]}x{size[1]}": _image(world, api_url, name, size) for size in _LOGO_SIZES},
        "logoSvg": _image(world, api_url, name, _LOGO_SIZES[0], kind="svg"),
    }


@bindings.handles("getIconImages")
def get_icon_images(world: World, caller: Caller, api_url: str) -> Json:
    """Return the icon (CRAFT)."""
    _admit(world, caller)
    return {f"icon{_ICON_SIZE[0]}x{_ICON_SIZE[1]}": _image(world, api_url, "icon", _ICON_SIZE)}


def _image(world: World, api_url: str, name: str, size: tuple[int, int], kind: str = "png") -> Json:
    width, height = size
    url = example_image(api_url, f"{name}-{width}x{height}.{kind}")
    return {"url": url[url.index("//") :], **sizes(world, width, height)}


def sizes(world: World, width: int, height: int) -> Json:
    """Return width and height of a picture, in the form that the variant ``image_sizes`` selects."""
    as_texts = world.variants["image_sizes"] == "texts"
    return {"width": str(width) if as_texts else width, "height": str(height) if as_texts else height}


@bindings.handles("getStarString")
def get_star_string(world: World, caller: Caller, stars: str, locale: str | None) -> Answer:
    """Return the name of a number of stars, such as Excellent (RES; CRAFT for the members)."""
    _admit(world, caller)
    if locale is None and world.variants["star_string_locale"] == "required":
        raise invalid(hints.STAR_LOCALE, "locale")
    words = {language: names[stars] for language, names in reference_data.read("stars").items()}
    body = {
        "locale": locale or DEFAULT_LOCALE,
        "stars": float(stars) if "." in stars else int(stars),
        "string": translated(words, locale or DEFAULT_LOCALE),
    }
    return Answer(200, body, hint=advice(words, locale))


@bindings.handles("listLocales")
def list_locales(world: World, caller: Caller, translation_locale: str, api_url: str) -> Answer:
    """Return all locales with their site addresses (RES). ``countryId`` is a number here, and a text in countries."""
    _admit(world, caller)
    locales = [_locale(entry, translation_locale, api_url) for entry in reference_data.read("locales")]
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
        **{name: entry[name] for name in ("countryId", "nativeName", "tld")},
        "translatedName": entry["nativeName"] if own else entry["englishName"],
        "consumerWebApp": f"{site}/",
        "businessWebApp": f"{site}/business/",
        **{name: f"{site}/{name}" for name in _SITES},
        "isDefaultForLanguage": entry["default"],
        "isSupportedInBusinessWebApp": entry["default"],
    }


@bindings.handles("listCountries")
def list_countries(world: World, caller: Caller, locale: str | None) -> Answer:
    """Return all countries (RES), each in its own language unless another is requested."""
    _admit(world, caller)
    countries = [
        {
            **{name: entry[name] for name in ("countryId", "country", "englishName", "locale")},
            "translatedName": entry[
                "nativeName" if locale is None or locale[:2] == entry["locale"][:2] else "englishName"
            ],
        }
        for entry in reference_data.read("countries")
    ]
    return Answer(200, {"countries": countries}, hint=_partly(locale))


def _partly(locale: str | None) -> str | None:
    return None if locale is None or locale[:2] == "en" else hints.PARTLY_TRANSLATED.format(locale=locale)
