"""What a company and the writer of a product review say to each other. Chapter "Product Reviews API"."""

from __future__ import annotations

from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.trustpilot import reviewing
from mockserver.trustpilot.access import reach, spokesperson
from mockserver.trustpilot.model import Comment, Conversation, Token
from mockserver.trustpilot.private_product_reviews import own_review
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]


@bindings.handles("createProductReviewConversation")
def create_product_review_conversation(
    world: World, caller: Token, review_id: str, x_business_user_id: str | None
) -> Answer:
    """The id of the review's conversation, which begins with this call (PR); a second call gives the same one."""
    review = own_review(world, caller, review_id, x_business_user_id, write=True)
    began = review.conversation is not None
    conversation = reviewing.open_conversation(world, review)
    return Answer(200, {"conversationId": conversation.id}, hint=hints.CONVERSATION_OPEN if began else None)


@bindings.handles("createComment")
def create_comment(
    world: World, caller: Token, conversation_id: str, x_business_user_id: str | None, body: Json
) -> Answer:
    """One more comment at the end, in the company's name (PR)."""
    conversation = _own(world, caller, conversation_id, x_business_user_id, write=True)
    author, advice = spokesperson(world, caller, world.units[conversation.unit], x_business_user_id)
    comment = reviewing.add_comment(world, conversation, author, body["content"])
    return Answer(200, _comment(comment), hint=advice)


@bindings.handles("getComment")
def get_comment(world: World, caller: Token, conversation_id: str, comment_id: str) -> Json:
    """One comment (BRUNO)."""
    return _comment(_known(_own(world, caller, conversation_id), comment_id))


@bindings.handles("updateComment")
def update_comment(
    world: World,
    caller: Token,
    conversation_id: str,
    comment_id: str,
    x_business_user_id: str | None,
    body: Json,
) -> Json:
    """Other words for one of the company's own comments (BRUNO)."""
    conversation = _own(world, caller, conversation_id, x_business_user_id, write=True)
    comment = _known(conversation, comment_id)
    if comment.author_type != "businessUser":
        raise Problem("forbidden", hint=hints.COMMENT_FOREIGN)
    return _comment(reviewing.rewrite_comment(world, comment, body["content"]))


@bindings.handles("getPrivateConversation")
def get_private_conversation(world: World, caller: Token, conversation_id: str) -> Json:
    """A conversation as its company sees it, public or private (PR)."""
    return _document(_own(world, caller, conversation_id))


@bindings.handles("getConversation")
def get_conversation(world: World, conversation_id: str) -> Json:
    """A conversation as anyone may read it; a private one is hidden from third parties (NODE)."""
    conversation = world.conversations.get(conversation_id.lower())
    if conversation is None:
        raise Problem("unknown-conversation", hint=hints.CONVERSATION_UNKNOWN)
    if conversation.state == "private":
        raise Problem("unknown-conversation", hint=hints.CONVERSATION_PRIVATE)
    return _document(conversation)


@bindings.handles("setConversationState")
def set_conversation_state(
    world: World, caller: Token, conversation_id: str, x_business_user_id: str | None, body: Json
) -> Answer:
    """Show a conversation to everyone, or hide it (NODE)."""
    conversation = _own(world, caller, conversation_id, x_business_user_id, write=True)
    conversation.state = body["state"]
    return Answer(200)


def _own(
    world: World, caller: Token, conversation_id: str, user_id: str | None = None, *, write: bool = False
) -> Conversation:
    conversation = world.conversations.get(conversation_id.lower())
    if conversation is None:
        raise Problem("unknown-conversation", hint=hints.CONVERSATION_UNKNOWN)
    reach(world, caller, conversation.unit, user_id, write=write)
    return conversation


def _known(conversation: Conversation, comment_id: str) -> Comment:
    comment = next((one for one in conversation.comments if one.id == comment_id.lower()), None)
    if comment is None:
        raise Problem("unknown-comment", hint=hints.COMMENT_UNKNOWN)
    return comment


def _document(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "businessUnitId": conversation.unit,
        "consumerId": conversation.consumer,
        "source": "Product reviews",
        "sourceId": conversation.review,
        "state": conversation.state,
        "comments": [_comment(comment) for comment in conversation.comments],
    }


def _comment(comment: Comment) -> Json:
    return {
        "commentId": comment.id,
        "createdAt": iso_milliseconds(comment.created_at),
        "author": {"id": comment.author_id, "type": comment.author_type},
        "content": comment.content,
    }
