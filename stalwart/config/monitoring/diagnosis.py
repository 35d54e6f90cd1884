"""x:Diagnosis: what a delivery diagnosis may do (design 8)."""

from __future__ import annotations

from stalwart.schema import Boolean, Duration, Set, Singleton, String, Unsigned, prop

ROOT_ANCHORS = (
    # IANA root-anchors.xml: KSK-2017 and KSK-2024
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)


class Diagnosis(Singleton):
    """The live delivery diagnosis."""

    allow_private_targets: bool = prop(Boolean(), False, "Connect to private and loopback addresses too.")
    port: int = prop(Unsigned(min=1, max=65535), 25, "Port of the mail servers that are tried.")
    trusted_resolvers: frozenset[str] = prop(
        Set(String("ipAddress")),
        {},
        "Name servers whose DNSSEC verdict counts, besides those on a loopback address.",
    )
    trust_anchors: frozenset[str] = prop(
        Set(String()),
        dict.fromkeys(ROOT_ANCHORS, True),
        "DS records of the DNS root, for validation where no name server is trusted.",
    )
    max_per_account: int = prop(Unsigned(min=1), 4, "Diagnoses of one account at the same time.")
    operation_timeout: int = prop(
        Duration(), 30_000, "Limit of one connection, greeting, command, handshake or policy fetch."
    )
    test_mode: bool = prop(
        Boolean(), False, "Let a diagnosis run in a closed test network; never for a server on the internet."
    )
