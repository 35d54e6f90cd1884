// The start: signed in or not, then the shell.

import { add, h } from "./lib/dom.js";
import { effect } from "./lib/signals.js";
import { administers, may, meet, viewer } from "./core/viewer.js";
import { chooseLanguage, t } from "./core/words.js";
import { failed } from "./ui/parts.js";
import { session } from "./core/session.js";
import { explained, schema } from "./core/schema.js";
import { show as showTheme } from "./core/theme.js";
import { shell } from "./shell.js";
import { go, match, place } from "./core/router.js";
import { TABLE } from "./core/pages.js";

const app = document.getElementById("app");

function alone(...content) {
  app.replaceChildren(h("main.plain", content));
}

const beside = () => location.pathname.endsWith("/signed-in");

async function begin() {
  showTheme();
  await chooseLanguage();
  const [mount, page, last] = location.pathname.split("/").filter(Boolean);
  if (page === "oauth" && last === "callback") {
    const back = await session.returned(location.search);
    await go(back || `/${mount}/`, { replace: true });
    if (!back) {
      document.title = t("notSignedIn");
      alone(h("h1", t("notSignedIn")), h("p", t("notSignedIn.text")), h("p", h("button.button.primary", { type: "button", onclick: () => session.signIn() }, t("signIn"))));
      return;
    }
  }
  if (page === "signed-out") {
    document.title = t("signedOut");
    alone(h("h1", t("signedOut")), h("p", h("a.button.primary", { href: `/${mount}/`, onclick: (event) => { event.preventDefault(); location.assign(`/${mount}/`); } }, t("signIn"))));
    return;
  }
  // who signs in beside another page wants a sign-in of his own
  if (!(beside() ? session.kept : await session.begin())) {
    await session.signIn();
    return;
  }
  await enter();
}

async function enter() {
  let coming = null;
  try {
    // The page comes while the server says who this is; those made of the schema need that too, others when they ask.
    coming = match(TABLE, place.peek().path)?.load().catch(() => null);
    const shown = /^\/(admin|account)\/objects\/[^/]+(\/.)?/.exec(location.pathname);
    if (shown) (shown[2] ? explained() : schema()).catch(() => null);
    await meet();
    coming = [place.peek(), await coming];
  } catch (problem) {
    document.title = t("failed");
    alone(h("h1", t("failed")), failed(problem, () => location.reload()));
    return;
  }
  if (beside()) {
    alone(h("h1", t("closeWindow")), h("p", t("closeWindow.text")));
    window.close();
    return;
  }
  if (location.pathname.startsWith("/admin") && !administers()) {
    await go("/account/", { replace: true });
  }
  if (may("sysBootstrapUpdate") && !may("sysDomainQuery")) await go("/admin/setup", { replace: true });
  app.replaceChildren();
  add(app, shell(coming));
  app.dataset.who = viewer.name;
}

// Where the sign-in is over while the first questions are asked there is nothing to lose.
effect(() => {
  if (session.over() && !session.had) session.signIn();
});

begin();
