// Signing in with a code and PKCE (RFC 6749 4.1, RFC 7636) at the server's own page. The access token is in memory, the
// refresh token in this tab's sessionStorage; other tabs are lent access tokens, so nobody signs in for each of them. A
// page that is left hands its access token to the next one, so that none is left while a refresh token is replaced.

import { signal } from "../lib/signals.js";

const CLIENT = "stalwart-webui";
const KEPT = "stalwart.session";
export const VIEWER = "stalwart.viewer";
const ASKED = "stalwart.asked";
const HANDED = "stalwart.handed";
const EARLY = 60_000;
const PATIENCE = 250;

const tabs = new BroadcastChannel("stalwart.session");
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = (size) => base64url(crypto.getRandomValues(new Uint8Array(size)));

const mount = () => (location.pathname.startsWith("/admin") ? "/admin" : "/account");
const callback = () => `${location.origin}${mount()}/oauth/callback`;

// Where crypto.subtle is missing, on plain http from elsewhere, the digest is made here.
async function challengeOf(verifier) {
  const bytes = new TextEncoder().encode(verifier);
  if (crypto.subtle) return base64url(await crypto.subtle.digest("SHA-256", bytes));
  return base64url((await import("./sha256.js")).sha256(bytes));
}

class Session {
  constructor() {
    // null while somebody is signed in; otherwise why nobody is: "ended"
    this.over = signal(null);
    this.access = null;
    this.until = 0;
    // whether the server has let this page in
    this.had = false;
    this.taken();
    addEventListener("pagehide", () => this.access && sessionStorage.setItem(HANDED, JSON.stringify([this.access, this.until])));
    addEventListener("pageshow", () => this.taken());
    this.kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    this.refreshing = null;
    this.again = null;
    tabs.onmessage = (message) => this.told(message.data);
  }

  taken() {
    const handed = JSON.parse(sessionStorage.getItem(HANDED) || "null");
    sessionStorage.removeItem(HANDED);
    if (handed) [this.access, this.until] = handed;
  }

  // Whether somebody is signed in, here or in another tab.
  async begin() {
    if (this.kept || this.access) {
      this.token(); // it comes while the page is drawn
      return true;
    }
    await this.borrow();
    return this.access !== null;
  }

  async token() {
    if (this.access && Date.now() < this.until - EARLY) return this.access;
    await this.renew();
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
    if (this.kept) {
      const answer = await this.redeem({ grant_type: "refresh_token", refresh_token: this.kept.refresh });
      if (answer) return;
      this.forget();
    } else {
      await this.borrow();
      if (this.access) return;
    }
    this.over.set("ended");
    await new Promise((done) => { this.again = done; });
  }

  // False if the server will not have it; what cannot be asked is tried again.
  async redeem(fields) {
    for (;;) {
      let answer;
      try {
        answer = await fetch("/auth/token", {
          method: "POST",
          credentials: "omit",
          cache: "no-store",
          body: new URLSearchParams({ client_id: CLIENT, ...fields }),
        });
      } catch {
        await new Promise((done) => setTimeout(done, 2000));
        continue;
      }
      if (answer.status >= 500 || answer.status === 429) {
        await new Promise((done) => setTimeout(done, 2000));
        continue;
      }
      if (!answer.ok) return false;
      this.take(await answer.json());
      return true;
    }
  }

  take(tokens) {
    this.access = tokens.access_token;
    this.until = Date.now() + tokens.expires_in * 1000;
    if (tokens.refresh_token) {
      this.kept = { refresh: tokens.refresh_token };
      sessionStorage.setItem(KEPT, JSON.stringify(this.kept));
    }
    this.over.set(null);
    this.again?.();
    this.again = null;
  }

  forget() {
    this.access = null;
    this.kept = null;
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem(VIEWER);
  }

  async borrow() {
    tabs.postMessage({ type: "ask" });
    await new Promise((done) => {
      this.lent = done;
      setTimeout(done, PATIENCE);
    });
    this.lent = null;
  }

  told(message) {
    if (message.type === "ask" && this.kept && this.access) {
      tabs.postMessage({ type: "lend", access: this.access, until: this.until });
    } else if (message.type === "lend" && this.lent) {
      [this.access, this.until] = [message.access, message.until];
      this.lent();
    } else if (message.type === "callback" && message.state === this.wish?.state) {
      this.finish(message, this.wish);
    } else if (message.type === "out") {
      this.forget();
      location.assign(`${mount()}/signed-out`);
    }
  }

  // The address of the sign-in page; what is needed afterwards is kept with `keep`.
  async wanted() {
    const wish = { state: random(16), verifier: random(48), back: location.pathname + location.search, redirect: callback() };
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: CLIENT,
      redirect_uri: wish.redirect,
      code_challenge: await challengeOf(wish.verifier),
      code_challenge_method: "S256",
      state: wish.state,
    });
    return [`/login?${asked}`, wish];
  }

  async signIn(back) {
    const [url, wish] = await this.wanted();
    if (back) wish.back = back;
    sessionStorage.setItem(ASKED, JSON.stringify(wish));
    location.replace(url);
  }

  // In a window of its own, so that nothing of this page is lost.
  async signInBeside() {
    const opened = window.open("about:blank", "_blank", "width=480,height=720");
    const [url, wish] = await this.wanted();
    this.wish = wish;
    if (opened) opened.location.replace(url);
    else await this.signIn();
  }

  // What the sign-in page has sent back; the path to go on at, "close" for a window beside, or null if it did not work.
  async returned(query) {
    const told = Object.fromEntries(new URLSearchParams(query));
    const wish = JSON.parse(sessionStorage.getItem(ASKED) || "null");
    sessionStorage.removeItem(ASKED);
    if (wish?.state !== told.state) {
      tabs.postMessage({ type: "callback", ...told });
      return "close";
    }
    return (await this.finish(told, wish)) ? wish.back : null;
  }

  finish({ code }, wish) {
    if (!code) return false;
    sessionStorage.removeItem(VIEWER); // somebody else may have signed in
    const fields = { grant_type: "authorization_code", code, redirect_uri: wish.redirect, code_verifier: wish.verifier };
    return this.redeem(fields);
  }

  async signOut() {
    const { kept } = this;
    this.forget();
    tabs.postMessage({ type: "out" });
    if (kept) {
      const body = new URLSearchParams({ client_id: CLIENT, token: kept.refresh });
      await fetch("/auth/revoke", { method: "POST", credentials: "omit", body }).catch(() => null);
    }
    location.assign(`${mount()}/signed-out`);
  }
}

export const session = new Session();
