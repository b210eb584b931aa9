/*
 * Small behaviours. Every page reads, filters and saves without this file; texts for people come
 * translated from data attributes of the page, never from here.
 *
 * data-copy="text"        copy it          data-open="id"      open that <dialog>
 * data-close              close its dialog data-theme-toggle   light or dark
 * data-go="k"             `g` then `k`     data-focus          where `/` puts the cursor
 * data-select-all         tick every row   data-why="text"     the reason shown on focus
 * data-autosubmit         submit its form when changed         data-busy  disable on submit
 */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const text = (key) => document.body.dataset[key] || "";

  // --- toasts --------------------------------------------------------------------------------
  const TOAST_MS = 6000;
  function toast(message, tone = "") {
    const node = find("#toast-template").content.firstElementChild.cloneNode(true);
    if (tone) node.classList.add(tone);
    find("span", node).textContent = message;
    find(".toasts").append(node);
    expire(node);
  }
  function expire(node) {
    // What went wrong stays until it is read; the rest leaves by itself.
    if (!node.classList.contains("bad")) setTimeout(() => node.remove(), TOAST_MS);
  }

  // --- theme ---------------------------------------------------------------------------------
  function toggleTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;SameSite=Lax`;
  }

  // --- the reason behind a pill --------------------------------------------------------------
  let tip = null;
  function showTip(owner) {
    hideTip();
    tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("aria-hidden", "true"); // the title attribute already says it to a reader
    tip.textContent = owner.dataset.why;
    document.body.append(tip);
    const at = owner.getBoundingClientRect();
    const left = Math.min(at.left, innerWidth - tip.offsetWidth - 8);
    const below = at.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? at.bottom + 6 : at.top - tip.offsetHeight - 6}px`;
  }
  function hideTip() {
    tip?.remove();
    tip = null;
  }

  // --- clicks --------------------------------------------------------------------------------
  const clicks = {
    "[data-copy]": (node) => {
      navigator.clipboard?.writeText(node.dataset.copy).then(
        () => toast(`${node.dataset.copy} · ${text("copied")}`),
        () => {},
      );
    },
    "[data-open]": (node) => openDialog(node.dataset.open),
    "[data-close]": (node) => node.closest("dialog")?.close(),
    "[data-theme-toggle]": toggleTheme,
    "[data-dismiss]": (node) => node.closest(".toast")?.remove(),
    "[data-print]": () => print(),
  };
  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    for (const [selector, act] of Object.entries(clicks)) {
      const node = event.target.closest(selector);
      if (node) {
        if (node.tagName === "A") event.preventDefault();
        act(node);
        break;
      }
    }
    if (event.target.matches("dialog")) event.target.close();
    for (const open of all("details.drop[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  // --- ticking rows --------------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-autosubmit]")) box.form.requestSubmit();
    const table = box.closest("table");
    if (!table || box.type !== "checkbox") return;
    if (box.matches("[data-select-all]")) {
      for (const row of all("tbody [type=checkbox]", table)) row.checked = box.checked;
    }
    const count = find(".bulk output", table.closest(".card") || document);
    if (count) count.textContent = all("tbody :checked", table).length;
  });

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.matches("[data-busy]")) {
      // After this turn of the event loop, so that the button's own value is still sent.
      setTimeout(() => {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
      });
    }
  });
  // Coming back by the browser's history must not find the buttons still disabled.
  addEventListener("pageshow", () => {
    for (const button of all("[data-busy][aria-busy]")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });

  // --- keyboard ------------------------------------------------------------------------------
  let goPressedAt = 0;
  const GO_MS = 900;
  const typing = (node) =>
    node.matches("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");
  function moveInList(step) {
    const rows = all(".list tbody tr");
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + step))];
    find("a.key, .key a, a", next)?.focus();
  }
  const keys = {
    "/": () => (find("[data-focus]") || find(".find"))?.focus(),
    "?": () => openDialog("shortcuts"),
    j: () => moveInList(1),
    k: () => moveInList(-1),
    x: () => find("[type=checkbox]", document.activeElement.closest(".list tbody tr") || document.createElement("i"))?.click(),
    g: () => {
      goPressedAt = Date.now();
    },
  };
  document.addEventListener("keydown", (event) => {
    // Right after a dialog was closed its input still has the focus, until the next frame.
    const target = event.target.closest?.("dialog:not([open])") ? document.body : event.target;
    if (event.key === "Escape") {
      hideTip();
      const open = target.closest?.("details.drop[open]") || find("details.drop[open]");
      if (open) {
        open.open = false;
        find("summary", open).focus();
      }
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openDialog("palette");
      return;
    }
    if (target.closest?.("#palette")) return movePalette(event);
    if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
    if (find("dialog[open]")) return;
    if (Date.now() - goPressedAt < GO_MS) {
      goPressedAt = 0;
      const link = all("[data-go]").find((entry) => entry.dataset.go === event.key);
      if (link) location.assign(link.href);
      return;
    }
    if (keys[event.key]) {
      if (event.key === "/") event.preventDefault();
      keys[event.key]();
    }
  });
  function movePalette(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = all("#palette .results a");
    if (event.key === "Enter" && event.target.matches("input")) {
      // Only an answer to these very words may be followed; else the search page gives it.
      const answered = find("#palette-results").dataset.words;
      if (answered === event.target.value && links.length) {
        event.preventDefault();
        links[0].click();
      }
    } else if (event.key === "Escape") {
      event.preventDefault(); // Chromium would first empty the box, and close only the second time
      find("#palette").close();
    } else if (step && links.length) {
      event.preventDefault();
      const now = links.indexOf(document.activeElement);
      (now + step < 0 ? find("#palette input") : links[Math.min(links.length - 1, now + step)]).focus();
    }
  }
  document.addEventListener("focusin", (event) => {
    const owner = event.target.closest?.("[data-why]");
    if (owner && owner.matches(":focus-visible")) showTip(owner);
    else hideTip();
  });
  document.addEventListener("scroll", hideTip, { capture: true, passive: true });

  // --- htmx ----------------------------------------------------------------------------------
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  document.addEventListener("htmx:afterSwap", ({ target, detail }) => {
    const words = detail.requestConfig?.parameters?.q;
    if (target.id === "palette-results") target.dataset.words = words;
  });
  document.addEventListener("htmx:responseError", ({ detail }) =>
    toast(text(detail.xhr.status === 403 ? "forbidden" : "failed"), "bad"),
  );
  document.addEventListener("htmx:sendError", () => toast(text("offline"), "bad"));
  for (const node of all(".toasts .toast")) expire(node);
})();
