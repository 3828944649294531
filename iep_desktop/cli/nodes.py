"""The commands of the DICOM nodes. As in `commands`: no logic of its own."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from getpass import getpass
from typing import TYPE_CHECKING

from iep_desktop.cli import documents
from iep_desktop.cli.commands import Command, Exit
from iep_desktop.cli.output import Output
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.evidence import CommitmentUse
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.web_address import web_node

if TYPE_CHECKING:
    from iep_desktop.workers.desk import Desk


def nodes(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    acts: dict[str, Command] = {
        "add": _nodes_add,
        "list": _nodes_list,
        "remove": _nodes_remove,
        "echo": _nodes_echo,
        "sign-in": _nodes_sign_in,
    }
    return acts[args.act](args, desk, out)


def _nodes_add(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    node = replace(_node(args), associations=args.associations)
    desk.nodes.add(node)
    out.result(documents.node_document(node), f"Added {documents.node_line(node)}")
    return Exit.DONE


def _node(args: argparse.Namespace) -> Node:
    role = NodeRole(args.role)
    if args.dicomweb:
        try:
            return web_node(args.name, role, args.hospital, args.dicomweb, rest_url=args.rest_url)
        except InvalidInput as error:
            raise InvalidInput(
                "--dicomweb is no address of DICOMweb services", f"It {error.title}."
            ) from None
    lacking = [name for name in ("ae-title", "host", "port") if not getattr(args, name.replace("-", "_"))]
    if lacking:
        wanted = ", ".join(f"--{name}" for name in lacking)
        raise InvalidInput(f"nodes add needs {wanted}", "", "Or --dicomweb URL, where the node speaks that.")
    return Node(
        args.name,
        role,
        args.hospital,
        args.ae_title,
        args.host,
        args.port,
        args.calling_ae,
        args.tls,
        args.rest_url,
        commitment=CommitmentUse(args.commitment),
    )


def _nodes_sign_in(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    """Never an argument: those can be seen by everybody on the computer."""
    ask = f"user:password or token for {args.name}: "
    secret = (getpass(ask) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not secret or not secret.isprintable():
        raise InvalidInput("There was no sign-in on standard input", "", "Give user:password, or a token.")
    desk.nodes.sign_in(args.name, secret)
    out.result({"node": args.name, "signed_in": True}, f"Kept the sign-in for {args.name}")
    return Exit.DONE


def _nodes_list(_args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    known = desk.nodes.list()
    text = "\n".join(map(documents.node_line, known)) or "No nodes yet. See: iep-desktop nodes add --help"
    out.result({"nodes": [documents.node_document(node) for node in known]}, text)
    return Exit.DONE


def _nodes_remove(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    desk.nodes.remove(args.name)
    out.result({"removed": args.name}, f"Removed {args.name}")
    return Exit.DONE


def _nodes_echo(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    result = desk.nodes.echo(desk.nodes.get(args.name), Context())
    seconds = result.connect_seconds + result.echo_seconds
    document = {
        "node": args.name,
        "up": True,
        "connect_seconds": round(result.connect_seconds, 4),
        "echo_seconds": round(result.echo_seconds, 4),
        "peer_version": result.peer_version,
    }
    out.result(
        document, f"{args.name} answers, {seconds * 1000:.0f} ms ({result.peer_version or 'no version'})"
    )
    return Exit.DONE


COMMANDS: dict[str, Command] = {"nodes": nodes}
