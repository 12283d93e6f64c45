"""The plain sentences that go beside an answer: what was wrong and what to do. One place, so that each can be tested.

They reach the user by the header ``X-Mock-Hint``, the journal and the console; the body stays what the real API sends.
"""

from __future__ import annotations

from collections.abc import Iterable

API_KEY_MISSING = "No API key came: send it as header apikey (or as query parameter apikey)."
API_KEY_UNKNOWN = "No sandbox owns this API key. 'tpmock env' prints the key of the default sandbox."
API_KEY_AS_TOKEN = (
    "Private route: it needs an access token as 'Authorization: Bearer ...'. "
    "The API key alone works on public routes only."
)
TOKEN_MISSING = "Private route: it needs an access token as 'Authorization: Bearer ...'; none came."
TOKEN_UNKNOWN = "No sandbox knows this access token: it was never issued here, or its sandbox was reset."
TOKEN_REVOKED = "This access token was revoked."
TOKEN_IN_QUERY = "The token came in the query, as older clients send it; documented is 'Authorization: Bearer ...'."
CLIENT_MISSING = "No client credentials came: send 'Authorization: Basic base64(API_KEY:API_SECRET)'."
CLIENT_UNKNOWN = "No sandbox owns this API key. 'tpmock env' prints key and secret of the default sandbox."
SECRET_WRONG = "The API key is known, but this is not its secret."
CLIENT_WITHOUT_SCHEME = "The Authorization header lacks the word Basic; real programs do that, so it was accepted."
GRANT_MISSING_MEANT_CLIENT = (
    "No grant_type came; with Basic alone it was read as client_credentials, as seen in the wild."
)
TWO_STEP = "2-step verification blocks the password grant for this user. Switch it off, or use the authorization code."
PASSWORD_WRONG = "No business user has this username and password."
REFRESH_MISSING = "refresh_token is missing: send grant_type=refresh_token&refresh_token=... as a form."
REFRESH_UNKNOWN = "This refresh token is not known: refresh tokens are used up by each refresh; send the newest one."
REFRESH_FOREIGN = "This refresh token was issued to another API key."
CODE_UNKNOWN = "This authorization code is not known or was used before; a code works once."
CODE_EXPIRED = "This authorization code is older than 10 minutes."
CODE_FOREIGN = "This authorization code was issued to another API key."
PARTNER_GRANT = "This sandbox's variant partner_grant does not let a partner use this grant."
UNIT_ID_AS_USER = (
    "x-business-user-id holds a business UNIT id. Send the id of a business USER, such as 'tpmock env' prints."
)
USER_UNKNOWN = "x-business-user-id names no business user of this sandbox."
USER_HEADER_MISSING = (
    "A client-credentials token acts for nobody: send x-business-user-id (variant business_user_header)."
)
PARTNER_HEADER_MISSING = (
    "Calls with a customer's keys must carry the partner id in an HTTP header (variant partner_header)."
)
PARTNER_HEADER_ADVICE = "Calls with a customer's keys should carry the partner id in an HTTP header; this one did not."
NOT_A_PARTNER = (
    "This token was not made with partner credentials: use partnerApiKey, partnerUsername and partnerPassword."
)
OTHER_PARTNER = "This token belongs to another partner id."
PARTNER_UNKNOWN = "No partner has this id."
PARTNER_FOREIGN_UNIT = "This business unit is bound to another partner."
PARTNER_UNKNOWN_UNIT = "No business unit has this id: find it by its domain first (business-units/find)."
NO_PAID_PLAN = (
    "200 means NO rights: the customer has no paid plan. Tell the customer that a paid Trustpilot plan is needed."
)
NO_PERMISSION = (
    "200 means NO rights: the customer has not switched partner permissions on. An Admin does that in the app."
)
PLAN_MISSING = "This business unit has no paid plan; private calls need one (or the API module). Tell the customer so."
PRODUCT_NEEDED = "Say which products: sku, productUrl or both."
UNIT_UNKNOWN = "No business unit has this id: find it by its domain first (business-units/find)."
WRITE_KEY_MISSING = "No write key came: send it as Basic user name or as writeKey in the body. Segment answers 400."
WRITE_KEY_UNKNOWN = (
    "No sandbox owns this write key; Segment would still say 200, and so do we. Nothing will be delivered."
)
DEFECT = "This is a defect of tpmock, not of your call: its log has the details. Please report it."
LOGIN_FAILED = "No business user has this username and password."
LOGIN_ROLE = "This user may not log in here: the user has no role on the business unit the keys were made for."


def wrong_host(host: str, expected: Iterable[str]) -> str:
    """The path is right, the host is not."""
    return f"Other host: this path is not served by {host}, but by {' or '.join(sorted(expected))}."


def unknown_route(nearest: str | None) -> str:
    """Nothing documented has this path."""
    close = f" The nearest documented one is {nearest}." if nearest else ""
    return f"No documented operation has this path.{close} GET /_mock/coverage lists all."


def wrong_method(allowed: Iterable[str]) -> str:
    """The path is right, the method is not."""
    return f"This path is documented for {' and '.join(sorted(allowed))} only."


def unknown_parameter(name: str, known: str | None) -> str:
    """A query parameter nobody documented."""
    close = f"; did you mean {known}?" if known else ""
    return f"The query parameter {name} is not documented and was ignored{close}"


def token_expired(ago: str) -> str:
    """The token is too old by the sandbox's clock."""
    return f"This access token expired {ago} ago by the sandbox's clock: access tokens live 100 hours. Refresh it."


def refresh_expired(ago: str) -> str:
    """The refresh token is too old by the sandbox's clock."""
    return f"This refresh token expired {ago} ago by the sandbox's clock: log in again."


def grant_unknown(given: str) -> str:
    """A grant nobody documented."""
    known = "password, client_credentials, authorization_code, refresh_token"
    return f"grant_type was {given or 'missing'}; documented are {known}."


def field_missing(name: str, grant: str) -> str:
    """A grant without one of its fields."""
    return f"The grant {grant} needs the form field {name}."


def redirect_differs(given: str, expected: str) -> str:
    """The code was asked for with another address."""
    return f"redirect_uri was {given or 'missing'}; it must be identical to the one of the login step: {expected}."


def redirect_unregistered(given: str, registered: Iterable[str]) -> str:
    """The address is not on the list."""
    return f"redirect_uri {given} is not registered for this key. Registered: {', '.join(registered) or 'none'}."


def domain_unknown(name: str) -> str:
    """No unit of that name."""
    if "/" in name:
        return f"Send the domain alone: {name} holds a scheme or a path."
    return f"No business unit has the domain {name}. Spelling counts: with and without www. are two names."


def role_missing(role: str | None) -> str:
    """The user exists and may not."""
    return f"The business user is {role or 'nobody'} on this unit; inviting needs Admin or Manager."


def unit_out_of_reach(unit_id: str) -> str:
    """The token reaches other units."""
    return f"This token has no access to business unit {unit_id}."


def template_unknown(where: str) -> str:
    """A template id of nobody or of another unit."""
    return f"{where} names no template of this business unit."


def send_time_unreadable(where: str, given: str) -> str:
    """A moment in no known form."""
    forms = "2013-09-07T13:37:00 or 09/07/2013 13:37:00 (month first), in UTC"
    return f"{where} was {given!r}: write {forms}."


def send_time_slashed(read: str) -> str:
    """A send time in the documented, ambiguous form."""
    return moment_slashed("preferredSendTime", read)


def service_first() -> str:
    """The product invitation would go out first."""
    return "The service invitation must be sent before the product invitation; swap the two preferredSendTime."


def queued(until: str) -> str:
    """Accepted is not sent."""
    return f"Queued until {until}; advance the sandbox's clock to see it leave."


def fault(cause: str, effect: str, own: int | None) -> str:
    """Not the truth: the call was not performed, or it was and had its own answer."""
    truth = "not performed" if own is None else f"performed, and its own answer was {own}"
    return f"{cause} ({effect}) made this answer; the call was {truth}."


def spoiled(cause: str, effect: str) -> str:
    """The truth, not as it should be."""
    return f"{cause} ({effect}) spoiled this answer; the call was performed."


def revoked_by(own: str | None, cause: str) -> str:
    """Why the token is dead."""
    return f"{own or 'This call had no access token.'} {cause} did that."


def event_too_large(size: int, limit: int) -> str:
    """Over Segment's limit for one event."""
    return f"The event has {size:,} bytes; Segment takes {limit:,} at most."


def dropped(reason: str | None) -> str | None:
    """Taken with 200, and yet it will not arrive."""
    return None if reason is None else f"Segment answers 200 and drops it: {reason}."


def no_room(most: int) -> str:
    """So much waits that nothing more is taken in."""
    return (
        f"{most:,} deliveries of this sandbox wait, and it takes in no more until some are done. Nothing of this call "
        "was taken. Mend the destination, or let time pass: clock advance."
    )


def surplus(count: int) -> str:
    """More events than a batch may hold."""
    return f"A batch holds 2,500 events at most; Segment answers 200 and drops the last {count}."


# Limits


def rate_exceeded(most: int, window: int) -> str:
    """Above the recommended ceiling."""
    return f"This key made more than {most:,} calls within {window // 60} minutes (variant rate_limit enforces that)."


def too_many_tokens(lapse: float, left: float) -> str:
    """A token was asked for while the last one was nearly new."""
    return f"You asked for a new token {lapse:.0f} s after the last; it had {left / 3600:.0f} h left. Reuse it."


# Invitations, links, the page behind them

LINK_NOT_SENT = "Nobody is told of this link: send it yourself. Such invitations are in no invitation history."
LINK_UNKNOWN = "No invitation has this link: it was deleted with the invitation data, or its sandbox was reset."
LINK_USED = "A review was written under this link before; each link is good for one."
STARS_MISSING = "Choose one to five stars."
TEXT_MISSING = "Tell in a few words how it was."
NAME_MISSING = "Tell who you are: a name is needed."


def moment_slashed(where: str, read: str) -> str:
    """A moment in the documented, ambiguous form."""
    return f"The slashed {where} was read month first, as {read}. ISO 8601 leaves no doubt."


def locale_unknown(given: str, known: Iterable[str]) -> str:
    """A locale Trustpilot does not speak."""
    return f"locale {given} is none of {', '.join(known)} (variant invitation_locale)."


def skus_unknown(skus: Iterable[str]) -> str:
    """SKUs that are in no catalogue."""
    names = ", ".join(skus)
    return f"productSkus must be in the catalogue (upper and lower case differ); not there: {names}. Or send products."


def invitation_data_deleted(mails: int, links: int, reviews: int) -> str:
    """What is gone for good."""
    return f"Deleted for good: {mails} mails, {links} links, the referral data of {reviews} reviews. The journal stays."


# Product reviews, conversations, catalogue

SKU_NEEDED = "Say which products: sku, several by comma."
SKUS_AS_JSON = "The SKUs came as a JSON list, as one example of the reference shows; programs send them by comma."
SUMMARY_FILTERS = (
    "This path gives the summary and overlooks filters; the reviews are at .../reviews (variant product_summary_path)."
)
REVIEWS_AT_SUMMARY = "Reviews in place of the summary, because filters came (variant product_summary_path)."
URL_BESIDE_SKU = "sku and productUrl came together: productUrl is ignored then."
GROUP_BESIDE_SKUS = "skus and groupId came together: groupId is ignored then."
PAGE_ZERO = "Page 0 was read as page 1, as the official request collection asks for page 0."
PRICE_JOINED = "The price held its currency, the older form; today price is 99.95 and currency stands beside it."
ATTRIBUTE_SUMMARY_ASSUMED = "No source shows the items of attribute summaries: do not build on their members."
PRODUCT_REVIEW_UNKNOWN = "No product review has this id: it was deleted, or it is the id of a service review."
CONVERSATION_OPEN = "This review had a conversation before; its id is given again."
CONVERSATION_UNKNOWN = "No conversation has this id: POST .../product-reviews/{reviewId}/create-conversation gives one."
CONVERSATION_PRIVATE = "This conversation is private: third parties see it only after its state is set to public."
COMMENT_UNKNOWN = "This conversation has no comment of this id."
COMMENT_FOREIGN = "The consumer wrote this comment; a company can change its own comments only."


def sku_case(given: str, known: str) -> str:
    """Nothing has this SKU, another has it in other letters."""
    return f"SKUs are case-sensitive: nothing has {given}, but the catalogue has {known}."


def product_ids_unknown(ids: Iterable[str]) -> str:
    """Ids that are in no catalogue."""
    return f"productIds must be ids from the catalogue (GET .../products); not there: {', '.join(ids)}."


def spoken_by(name: str) -> str:
    """Nobody was named, somebody had to be."""
    return f"A client-credentials token speaks for nobody, so {name} does: send x-business-user-id."


# Business units, categories, resources

CURSOR_UNKNOWN = "cursor is none that an answer gave: send it as it came, or leave it out to begin."
LOCATION_UNKNOWN = "This unit has no location of that id (a UUID); the company's own logo was given."
CATEGORY_UNKNOWN = "No category has this id: GET /v1/categories lists them."
RESOURCES_KEY = "The official request collection sends none here (variant resources_key)."
STAR_LOCALE = "locale is missing; one digest of the reference requires it (variant star_string_locale)."


def category_elsewhere(countries: Iterable[str]) -> str:
    """A category that is not everywhere."""
    return f"This category exists in {', '.join(countries)} only."


def not_translated(locale: str, languages: Iterable[str]) -> str:
    """A language for which there are no words here."""
    return f"The mock has no words for {locale}, so English was given; it has {', '.join(languages)}."


def partly_translated(locale: str) -> str:
    """Names in two languages are all there is."""
    return f"The mock knows each name in English and in its own language only; for {locale} some stay English."


def locale_not_listed(locale: str) -> str:
    """A well-formed locale that is on no list."""
    return f"{locale} is none of the locales that are known (GET /v1/resources/metadata/locales)."


# Service reviews, consumers, deletions

REVIEW_UNKNOWN = "No service review has this id: it never existed here, or it was deleted (see the deletions feed)."
CONSUMER_UNKNOWN = "No consumer has this id: it never existed here, or it was deleted (see the deletions feed)."
TOO_DEEP = "Public reviews end at page 1000 (variant deep_paging); all-reviews goes on by token."
PAGE_TOKEN = "pageToken is none that an answer before gave: begin without one."
NEXT_TOKEN = "nextToken is none that an answer before gave: begin without one."
JSON_ON_DELETE = "This DELETE has no body: leave Content-Type: application/json out, the real API answers 400 to it."
TAG_GROUP = "The business app shows tags of the group 'generic', in small letters; this group is kept as it was sent."
FIND_HAPPY = "Only the writers of reviews with one to three stars can be asked who they are."


def moment_unreadable(name: str, given: str) -> str:
    """A filter that is no date."""
    return f"{name} was {given!r}: write 2013-09-07T13:37:00 or 2013-09-07, in UTC."


# The control API

CONTROL_TOKEN_MISSING = (
    "Send the control token as Authorization: Bearer; it was given with --control-token or TPMOCK_CONTROL_TOKEN, "
    "or printed at the start."
)


def foreign_origin(origin: str) -> str:
    """A web page of elsewhere."""
    return f"The control API is closed to pages of {origin}: a page in a browser may only call the mock it came from."


def unknown_host(host: str) -> str:
    """A name that could lead anywhere."""
    return f"{host} is no name of this machine: use 127.0.0.1 or localhost, or start the mock with a control token."


def sandboxes_removed(ids: Iterable[str], maker: str) -> str:
    """More sandboxes than --max-sandboxes allows."""
    return f"{', '.join(ids)} unused for the longest time, removed to make room for {maker} (--max-sandboxes)."
