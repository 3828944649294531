"""Puts the services of the viewer together, as `desk` does for all: no behaviour of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iep_desktop.core.model import Node

if TYPE_CHECKING:
    from iep_desktop.workers.asked_node import AskedNode
    from iep_desktop.workers.desk import Desk
    from iep_desktop.workers.review import Reviews
    from iep_desktop.workers.thumbnails import Thumbnails
    from iep_desktop.workers.viewings import Viewings


def make_thumbnails(desk: Desk) -> Thumbnails:
    from iep_desktop.workers.thumbnails import Thumbnails

    return Thumbnails(desk.viewings.cache)


def make_reviews(desk: Desk) -> Reviews:
    from iep_desktop.workers.review import Reviews

    profile = desk.profile
    return Reviews(
        desk.ledger.transactions,
        lambda: profile.stored().review_before_send,
        lambda names: profile.with_settings(review_before_send=names),
    )


def make_viewings(desk: Desk) -> Viewings:
    from iep_desktop.workers.exchange_desk import listener_if_any, own_gateway
    from iep_desktop.workers.viewing_cache import ViewingCache
    from iep_desktop.workers.viewings import Viewings

    cache = ViewingCache(desk.profile.viewing)
    cache.sweep()  # what was looked at yesterday, and what a killed program left

    def asked(node: Node) -> AskedNode:
        from iep_desktop.workers.asked_node import AskedNode

        return AskedNode(node, desk.limits, lambda: listener_if_any(desk))

    return Viewings(
        lambda: desk.ledger.transactions,
        lambda: desk.spool,
        cache,
        lambda name: asked(desk.gatekeeper.pacs_node(name)),
        lambda name: asked(own_gateway(desk, name)),
    )
