"""Conversations of a company with the writer of a product review. Chapter "Product Reviews API"."""

from __future__ import annotations

from tpmock.common.moments import iso_milliseconds
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import Problem, existing
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import review_changes
from tpmock.trustpilot.access import own, spokesperson
from tpmock.trustpilot.model import Comment, Conversation, Json, Token
from tpmock.trustpilot.product_reviews import own_review
from tpmock.trustpilot.world import World

bindings = Bindings()


@bindings.handles("createProductReviewConversation")
def create_product_review_conversation(world: World, caller: Token, arguments: Json) -> Answer:
    """Return the id of the review's conversation, which this call creates (PR); a second call returns the same one."""
    review = own_review(world, caller, arguments, write=True)
    began = review.conversation is not None
    conversation = review_changes.open_conversation(world, review)
    return Answer(200, {"conversationId": conversation.id}, hint=hints.CONVERSATION_OPEN if began else None)


@bindings.handles("createComment")
def create_comment(world: World, caller: Token, arguments: Json, body: Json) -> Answer:
    """Add a comment in the company's name (PR)."""
    conversation = _own(world, caller, arguments, write=True)
    author, advice = spokesperson(world, caller, world.units[conversation.unit], arguments["x_business_user_id"])
    comment = review_changes.add_comment(world, conversation, author, body["content"])
    return Answer(200, _comment(comment), hint=advice)


@bindings.handles("getComment")
def get_comment(world: World, caller: Token, arguments: Json, comment_id: str) -> Json:
    """Return one comment (BRUNO)."""
    return _comment(_comment_of(_own(world, caller, arguments), comment_id))


@bindings.handles("updateComment")
def update_comment(world: World, caller: Token, arguments: Json, comment_id: str, body: Json) -> Json:
    """Change the text of one of the company's own comments (BRUNO)."""
    conversation = _own(world, caller, arguments, write=True)
    comment = _comment_of(conversation, comment_id)
    if comment.author_type != "businessUser":
        raise Problem("forbidden", hint=hints.COMMENT_FOREIGN)
    comment.content, comment.updated_at = body["content"], world.now()
    return _comment(comment)


@bindings.handles("getPrivateConversation")
def get_private_conversation(world: World, caller: Token, arguments: Json) -> Json:
    """Return a conversation as its company sees it, public or private (PR)."""
    return _document(_own(world, caller, arguments))


@bindings.handles("getConversation")
def get_conversation(world: World, conversation_id: str) -> Json:
    """Return a conversation as anyone can read it; a private one is hidden from third parties (NODE)."""
    conversation = _known(world, conversation_id)
    if conversation.state == "private":
        raise Problem("unknown-conversation", hint=hints.CONVERSATION_PRIVATE)
    return _document(conversation)


@bindings.handles("setConversationState")
def set_conversation_state(world: World, caller: Token, arguments: Json, body: Json) -> Answer:
    """Publish a conversation, or hide it (NODE)."""
    conversation = _own(world, caller, arguments, write=True)
    conversation.state = body["state"]
    return Answer(200)


def _known(world: World, conversation_id: str) -> Conversation:
    return existing(
        world.conversations.get(conversation_id.lower()), "unknown-conversation", hints.CONVERSATION_UNKNOWN
    )


def _own(world: World, caller: Token, arguments: Json, *, write: bool = False) -> Conversation:
    return own(world, caller, _known(world, arguments["conversation_id"]), arguments, write=write)


def _comment_of(conversation: Conversation, comment_id: str) -> Comment:
    comment = next((one for one in conversation.comments if one.id == comment_id.lower()), None)
    return existing(comment, "unknown-comment", hints.COMMENT_UNKNOWN)


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
        **members(comment, "created_at", "content", moment=iso_milliseconds),
        "author": {"id": comment.author_id, "type": comment.author_type},
    }
