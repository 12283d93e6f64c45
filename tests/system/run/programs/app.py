"""A program that was never told of tpmock: the host is written in."""

import asyncio
import http.client
import os
import sys
import urllib.request

HOST = "api.trustpilot.com"
PATH = "/v1/business-units/find?name=trustpilotdemo.com"
URL = f"https://{HOST}{PATH}"
HEADERS = {"apikey": os.environ["TRUSTPILOT_API_KEY"]}


def by_urllib() -> int:
    with urllib.request.urlopen(urllib.request.Request(URL, headers=HEADERS)) as answer:
        return int(answer.status)


def by_http_client() -> int:
    connection = http.client.HTTPSConnection(HOST)
    connection.request("GET", PATH, headers=HEADERS)
    return connection.getresponse().status


def by_requests() -> int:
    import requests

    return requests.get(URL, headers=HEADERS, timeout=30).status_code


def by_requests_without_environment() -> int:
    import requests

    session = requests.Session()
    session.trust_env = False
    return session.get(URL, headers=HEADERS, timeout=30).status_code


def by_httpx() -> int:
    import httpx

    return httpx.get(URL, headers=HEADERS).status_code


async def _aiohttp() -> int:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(URL, headers=HEADERS) as answer:
        return answer.status


def by_aiohttp() -> int:
    return asyncio.run(_aiohttp())


if __name__ == "__main__":
    print(*(globals()[f"by_{name}"]() for name in sys.argv[1:]))
