"""What the sign-in pages say, in each language. A missing text is an error of types, so no page speaks half a language.

Braces are filled with elements by ``markup.filled``. The texts address people who do not know what OAuth is.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from stalwart.provider.scopes import CALENDARS, CONTACTS, MAIL


@frozen(kw_only=True)
class Texts:
    """All texts of one language; ``scopes`` by the name of the scope."""

    # sign-in
    sign_in: str
    wants: str
    unverified: str
    leads_to: str
    leads_to_program: str
    opens: str
    opens_all: str
    scopes: Mapping[str, str]
    user_name: str
    password: str
    cancel: str
    passkey: str
    passkey_runs: str
    passkey_failed: str
    passkey_none: str
    too_soon: str
    # second factor
    code_title: str
    code_hint: str
    code: str
    next: str
    use_recovery: str
    recovery_title: str
    recovery_hint: str
    recovery: str
    use_code: str
    # refusals
    wrong_password: str
    wrong_code: str
    wrong_recovery: str
    wrong_passkey: str
    not_allowed: str
    too_many: str
    unavailable: str
    expired: str
    expired_form: str
    foreign: str
    bad_link: str
    bad_link_hint: str
    # no request
    nothing_title: str
    nothing: str
    nothing_hint: str
    # back to the application
    back_title: str
    back: str
    # devices
    device: str
    device_hint: str
    user_code: str
    device_wants: str
    same_code: str
    allow: str
    deny: str
    unknown_code: str
    approved_title: str
    approved: str
    denied_title: str
    denied: str


ENGLISH = Texts(
    sign_in="Sign in",
    wants="{application} asks for access to your account.",
    unverified="The application chose this name itself. Nobody has checked it.",
    leads_to="After signing in you go to {place}.",
    leads_to_program="After signing in you go back to the program {place} on this device.",
    opens="By signing in you let it:",
    opens_all="do everything that you can do",
    scopes={
        MAIL: "read, change, delete and send your mail",
        CONTACTS: "read and change your contacts",
        CALENDARS: "read and change your calendars",
        "openid": "recognise you when you come back",
        "profile": "see your name",
        "email": "see your e-mail address",
        "groups": "see which groups you belong to",
        "offline_access": "keep this access while you are away, until you end it",
    },
    user_name="User name",
    password="Password",
    cancel="Cancel",
    passkey="Sign in with a passkey",
    passkey_runs="Waiting for your passkey\u2026",
    passkey_failed="That did not work. Try again, or use your password.",
    passkey_none="No passkey was used. Try again, or use your password.",
    too_soon="Too many attempts. Wait a moment, then try again.",
    code_title="Enter your code",
    code_hint="Your account is protected by a second factor. Use your passkey if you have "
    "one, or type the code that your authenticator app shows.",
    code="One-time code",
    next="Continue",
    use_recovery="Use a recovery code instead",
    recovery_title="Enter a recovery code",
    recovery_hint="Type one of the recovery codes that you wrote down. Each of them works once.",
    recovery="Recovery code",
    use_code="Use a code from the app instead",
    wrong_password="The user name or the password is wrong. Please try again.",
    wrong_code="This code is wrong or was used already. Wait for the next one, then try again.",
    wrong_recovery="This recovery code is wrong or was used already. Please try another one.",
    wrong_passkey="This passkey was not accepted. Try another one, or use your password.",
    not_allowed="This account may not sign in from here. Please ask your administrator.",
    too_many="Too many failed attempts. Wait a few minutes, then try again.",
    unavailable="Your password cannot be checked at present. Please try again later.",
    expired="That took too long. Please sign in again.",
    expired_form="This page was open for too long. Please start again in the application that sent you here.",
    foreign="This form was sent from another site. Please start again in the application that sent you here.",
    bad_link="This sign-in cannot go on",
    bad_link_hint="The application sent you here with a request that this server cannot accept. Nothing has happened "
    "to your account. Please start again in the application; if it happens again, tell those who run it:",
    nothing_title="This is where you sign in",
    nothing="Applications send you to this page when they need access to your account.",
    nothing_hint="Start in the application that you want to use. It will bring you back here.",
    back_title="You are signed in",
    back="Continue to {place}.",
    device="Connect a device",
    device_hint="Type the code that your device or program shows.",
    user_code="Code",
    device_wants="A device asks for access to your account. It calls itself {application}.",
    same_code="Go on only if your device shows exactly this code, and if you have started this yourself:",
    allow="Sign in and connect",
    deny="Refuse",
    unknown_code="This code is unknown or has expired. Look at your device again.",
    approved_title="Your device is connected",
    approved="You may close this window and go on at your device.",
    denied_title="The device was refused",
    denied="It has no access to your account. You may close this window.",
)

GERMAN = Texts(
    sign_in="Anmelden",
    wants="{application} möchte auf Ihr Konto zugreifen.",
    unverified="Diesen Namen hat sich die Anwendung selbst gegeben. Niemand hat ihn geprüft.",
    leads_to="Nach der Anmeldung geht es weiter zu {place}.",
    leads_to_program="Nach der Anmeldung geht es zurück zum Programm {place} auf diesem Gerät.",
    opens="Mit der Anmeldung erlauben Sie ihr:",
    opens_all="alles, was Sie selbst dürfen",
    scopes={
        MAIL: "Ihre E-Mails zu lesen, zu ändern, zu löschen und zu senden",
        CONTACTS: "Ihre Kontakte zu lesen und zu ändern",
        CALENDARS: "Ihre Kalender zu lesen und zu ändern",
        "openid": "Sie wiederzuerkennen, wenn Sie zurückkommen",
        "profile": "Ihren Namen zu sehen",
        "email": "Ihre E-Mail-Adresse zu sehen",
        "groups": "zu sehen, zu welchen Gruppen Sie gehören",
        "offline_access": "diesen Zugriff zu behalten, auch wenn Sie nicht da sind, bis Sie ihn beenden",
    },
    user_name="Benutzername",
    password="Passwort",
    cancel="Abbrechen",
    passkey="Mit einem Passkey anmelden",
    passkey_runs="Warten auf Ihren Passkey\u2026",
    passkey_failed="Das hat nicht geklappt. Versuchen Sie es noch einmal oder nehmen Sie Ihr Passwort.",
    passkey_none="Es wurde kein Passkey benutzt. Versuchen Sie es noch einmal oder nehmen Sie Ihr Passwort.",
    too_soon="Zu viele Versuche. Warten Sie einen Moment und versuchen Sie es dann noch einmal.",
    code_title="Code eingeben",
    code_hint="Ihr Konto ist durch einen zweiten Faktor geschützt. Benutzen Sie Ihren Passkey, falls Sie einen "
    "haben, oder geben Sie den Code ein, den Ihre Authenticator-App zeigt.",
    code="Einmalcode",
    next="Weiter",
    use_recovery="Stattdessen einen Wiederherstellungscode benutzen",
    recovery_title="Wiederherstellungscode eingeben",
    recovery_hint="Geben Sie einen der Wiederherstellungscodes ein, die Sie aufgeschrieben haben. Jeder gilt einmal.",
    recovery="Wiederherstellungscode",
    use_code="Stattdessen einen Code aus der App benutzen",
    wrong_password="Benutzername oder Passwort stimmt nicht. Bitte versuchen Sie es noch einmal.",
    wrong_code="Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.",
    wrong_recovery="Dieser Code stimmt nicht oder wurde schon benutzt. Bitte versuchen Sie einen anderen.",
    wrong_passkey="Dieser Passkey wurde nicht angenommen. Nehmen Sie einen anderen oder Ihr Passwort.",
    not_allowed="Dieses Konto darf sich von hier aus nicht anmelden. Bitte fragen Sie Ihre Verwaltung.",
    too_many="Zu viele Fehlversuche. Warten Sie einige Minuten und versuchen Sie es dann noch einmal.",
    unavailable="Ihr Passwort kann im Moment nicht geprüft werden. Bitte versuchen Sie es später noch einmal.",
    expired="Das hat zu lange gedauert. Bitte melden Sie sich noch einmal an.",
    expired_form="Diese Seite war zu lange offen. Bitte beginnen Sie neu in der Anwendung, die Sie hierher "
    "geschickt hat.",
    foreign="Dieses Formular kam von einer anderen Seite. Bitte beginnen Sie neu in der Anwendung, die Sie hierher "
    "geschickt hat.",
    bad_link="Diese Anmeldung kann nicht weitergehen",
    bad_link_hint="Die Anwendung hat Sie mit einer Anfrage hierher geschickt, die dieser Server nicht annehmen kann. "
    "Mit Ihrem Konto ist nichts geschehen. Bitte beginnen Sie neu in der Anwendung; geschieht es wieder, sagen Sie es "
    "denen, die sie betreiben:",
    nothing_title="Hier melden Sie sich an",
    nothing="Anwendungen schicken Sie auf diese Seite, wenn sie Zugriff auf Ihr Konto brauchen.",
    nothing_hint="Beginnen Sie in der Anwendung, die Sie benutzen wollen. Sie bringt Sie wieder hierher.",
    back_title="Sie sind angemeldet",
    back="Weiter zu {place}.",
    device="Gerät verbinden",
    device_hint="Geben Sie den Code ein, den Ihr Gerät oder Programm zeigt.",
    user_code="Code",
    device_wants="Ein Gerät möchte auf Ihr Konto zugreifen. Es nennt sich {application}.",
    same_code="Machen Sie nur weiter, wenn Ihr Gerät genau diesen Code zeigt und Sie das selbst begonnen haben:",
    allow="Anmelden und verbinden",
    deny="Ablehnen",
    unknown_code="Dieser Code ist unbekannt oder abgelaufen. Sehen Sie noch einmal auf Ihr Gerät.",
    approved_title="Ihr Gerät ist verbunden",
    approved="Sie können dieses Fenster schließen und an Ihrem Gerät weitermachen.",
    denied_title="Das Gerät wurde abgelehnt",
    denied="Es hat keinen Zugriff auf Ihr Konto. Sie können dieses Fenster schließen.",
)

DEFAULT = "en"
LANGUAGES: Mapping[str, Texts] = {"en": ENGLISH, "de": GERMAN}
"""Texts by primary language tag (RFC 5646 2.2.1)."""
