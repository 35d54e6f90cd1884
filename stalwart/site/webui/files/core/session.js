// Signing in with a code and PKCE (RFC 6749 4.1, RFC 7636) at the server's own page. The access token is in memory, the
// refresh token in sessionStorage. All tabs of a sign-in have both, so it lasts until the last of them is closed; one at
// a time renews them, and tells the others. A page that is left hands its access token to the next one, so that none is
// left while a refresh token is replaced.

import { signal } from "../lib/signals.js";
import { t } from "./words.js";

const CLIENT = "stalwart-webui";
const KEPT = "stalwart.kept";
export const VIEWER = "stalwart.viewer";
const ASKED = "stalwart.asked";
const HANDED = "stalwart.handed";
const EARLY = 60_000;
const PATIENCE = 250;
const LONG = 10_000;

const tabs = new BroadcastChannel(KEPT);
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = (size) => base64url(crypto.getRandomValues(new Uint8Array(size)));
const stored = (name) => JSON.parse(sessionStorage.getItem(name));
const store = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const post = (path, fields, more) => fetch(path, { method: "POST", credentials: "omit", cache: "no-store", body: new URLSearchParams({ client_id: CLIENT, ...fields }), ...more });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const mount = () => (location.pathname.startsWith("/admin") ? "/admin" : "/account");
const callback = () => `${location.origin}${mount()}/oauth/callback`;

// Plain http from elsewhere has no locks.
const alone = (work) => (navigator.locks ? navigator.locks.request(KEPT, work) : work());

// Where crypto.subtle is missing, on plain http from elsewhere, the digest is made here.
async function challengeOf(verifier) {
  const bytes = new TextEncoder().encode(verifier);
  if (crypto.subtle) return base64url(await crypto.subtle.digest("SHA-256", bytes));
  return base64url((await import("./sha256.js")).sha256(bytes));
}

class Session {
  constructor() {
    // null while somebody is signed in; otherwise why nobody is: "ended", or who has signed in instead
    this.over = signal(null);
    this.access = null;
    this.until = 0;
    // whether the server has let this page in, and as whom
    this.had = false;
    this.who = null;
    this.read();
    this.id = this.kept?.id;
    this.refreshing = null;
    this.again = null;
    // Going back must not show what was there before signing out.
    addEventListener("pagehide", () => {
      if (!this.kept) document.body.replaceChildren();
      else if (this.access) store(HANDED, [this.access, this.until]);
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.read();
      if (!this.kept || this.kept.id !== this.id) location.reload();
    });
    tabs.onmessage = ({ data }) => this.told(data);
  }

  read() {
    this.kept = stored(KEPT);
    const handed = stored(HANDED);
    sessionStorage.removeItem(HANDED);
    if (handed) [this.access, this.until] = handed;
  }

  // Whether somebody is signed in, here or in another tab.
  async begin() {
    if (this.kept) tabs.postMessage({ ask: true });
    else await this.borrow();
    return Boolean(this.kept);
  }

  met(who) {
    this.who = who;
    this.share();
  }

  share() {
    if (this.kept) tabs.postMessage({ ...this.kept, access: this.access, until: this.until, who: this.who });
  }

  async token() {
    if (!this.access || Date.now() > this.until - EARLY) await this.renew();
    return this.access;
  }

  async refused(token) {
    if (token !== this.access) return;
    this.access = null;
    await this.renew();
  }

  renew() {
    this.refreshing ??= this.renewNow().finally(() => { this.refreshing = null; });
    return this.refreshing;
  }

  async renewNow() {
    const former = this.access;
    const renewed = () => this.access && this.access !== former;
    await alone(async () => {
      if (!renewed()) await this.borrow();
      if (renewed() || !this.kept) return;
      if (!(await this.redeem({ grant_type: "refresh_token", refresh_token: this.kept.refresh }, this.id))) this.forget();
    });
    if (renewed()) return;
    this.over.set("ended");
    await new Promise((done) => { this.again = done; });
  }

  // False if the server will not have it; what cannot be asked is tried again.
  async redeem(fields, id) {
    for (;;) {
      const answer = await post("/auth/token", fields).catch(() => null);
      if (!answer || answer.status >= 500 || answer.status === 429) {
        await pause(2000);
        continue;
      }
      if (!answer.ok) return false;
      const { access_token: access, refresh_token: refresh, expires_in: seconds } = await answer.json();
      // later than before in any case: by that tabs tell what is newer
      this.keep({ id, refresh, access, until: Math.max(Date.now() + seconds * 1000, this.until + 1) });
      this.share();
      return true;
    }
  }

  keep({ id, refresh, access, until }) {
    Object.assign(this, { id, access, until, kept: { id, refresh } });
    store(KEPT, this.kept);
    this.over.set(null);
    this.again?.();
    this.again = null;
  }

  forget() {
    this.access = null;
    this.kept = null;
    sessionStorage.clear();
  }

  async borrow() {
    tabs.postMessage({ ask: true });
    await new Promise((done) => {
      this.lent = done;
      setTimeout(done, PATIENCE);
    });
    this.lent = null;
  }

  // Another tab asks for the tokens, has left, or tells its own: of this sign-in, or of the one that is waited for.
  told(message) {
    const { id, who, until } = message;
    if (message.ask) this.share();
    else if (message.out) {
      if (id === this.id) this.leave();
    } else if (id === this.id ? this.kept && until > this.until : !this.kept && (this.who ? who === this.who : this.lent)) {
      this.keep(message);
      this.lent?.();
    } else if (!this.kept && this.who && who && id !== this.id) this.over.set(who);
  }

  async signIn() {
    const wish = { state: random(16), verifier: random(48), back: location.pathname + location.search, redirect: callback() };
    store(ASKED, wish);
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: CLIENT,
      redirect_uri: wish.redirect,
      code_challenge: await challengeOf(wish.verifier),
      code_challenge_method: "S256",
      state: wish.state,
    });
    location.replace(`/login?${asked}`);
  }

  // What the sign-in page has sent back; the path to go on at, or null if nobody is signed in. The wish stays for those
  // who go back to that page and sign in once more.
  async returned(query) {
    const { code, state } = Object.fromEntries(new URLSearchParams(query));
    const wish = stored(ASKED);
    if (code && wish && wish.state === state) {
      sessionStorage.removeItem(VIEWER); // somebody else may have signed in
      const fields = { grant_type: "authorization_code", code, redirect_uri: wish.redirect, code_verifier: wish.verifier };
      if (await this.redeem(fields, random(16))) return wish.back;
    }
    return this.kept && `${mount()}/`;
  }

  // Throws if the server has not ended it.
  async signOut() {
    const answer = await post("/auth/revoke", { token: this.kept?.refresh }, { signal: AbortSignal.timeout(LONG) }).catch(() => null);
    if (!answer?.ok) throw new Error(t("signOut.failed"));
    tabs.postMessage({ out: true, id: this.id });
    this.leave();
  }

  leave() {
    this.forget();
    location.assign(`${mount()}/signed-out`);
  }
}

export const session = new Session();
