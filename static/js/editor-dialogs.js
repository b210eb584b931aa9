/* The dialogs of the editor: each answers a promise, undefined when it was cancelled. */
(() => {
  "use strict";
  const { catalogue, byPath, operators } = window.BpiEditor;
  const find = (selector, within = document) => within.querySelector(selector);
  const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  /** Open a dialog with a form; answer its form when it was sent, with the button's value. */
  function ask(dialog, allowed = () => true) {
    return new Promise((resolve) => {
      const form = find("form", dialog);
      const submit = (event) => {
        const value = event.submitter?.value;
        if (value !== "remove" && !allowed(form)) {
          event.preventDefault();
          return;
        }
        dialog.dataset.answer = value;
      };
      delete dialog.dataset.answer;
      form.addEventListener("submit", submit);
      dialog.addEventListener(
        "close",
        () => {
          form.removeEventListener("submit", submit);
          resolve(dialog.dataset.answer);
        },
        { once: true },
      );
      dialog.showModal();
    });
  }

  // --- fields --------------------------------------------------------------------------------
  function options(term) {
    const wanted = plain(term).split(/\s+/).filter(Boolean);
    return catalogue.groups
      .map((group) => ({
        name: group.name,
        fields: group.fields.filter(
          (field) =>
            field.shown &&
            wanted.every((word) => plain(`${group.name} ${field.name} ${field.path}`).includes(word)),
        ),
      }))
      .filter((group) => group.fields.length);
  }

  function chooseField() {
    const dialog = find("#field-dialog");
    const box = find("input", dialog);
    const list = find("#field-options", dialog);
    let chosen;
    return new Promise((resolve) => {
      const all = () => [...list.querySelectorAll("[role=option]")];
      const mark = (option) => {
        for (const each of all()) each.setAttribute("aria-selected", String(each === option));
        box.setAttribute("aria-activedescendant", option?.id || "");
        option?.scrollIntoView({ block: "nearest" });
      };
      const show = () => {
        list.replaceChildren();
        for (const [place, group] of options(box.value).entries()) {
          const part = make("div", { role: "group" });
          const head = make("div", { className: "group", id: `field-group-${place}` });
          head.textContent = group.name;
          part.setAttribute("aria-labelledby", head.id);
          part.append(head);
          for (const field of group.fields) {
            const option = make("div", { role: "option", id: `field-${field.path}` });
            option.dataset.path = field.path;
            option.append(make("span", { textContent: field.name }));
            option.append(make("code", { textContent: field.path }));
            part.append(option);
          }
          list.append(part);
        }
        find("[data-none]", dialog).hidden = list.children.length > 0;
        mark(all()[0]);
      };
      const take = (option) => {
        chosen = option?.dataset.path;
        dialog.close();
      };
      const press = (event) => {
        const now = all().findIndex((each) => each.getAttribute("aria-selected") === "true");
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) {
          event.preventDefault();
          mark(all()[Math.max(0, Math.min(all().length - 1, now + step))]);
        } else if (event.key === "Enter") {
          event.preventDefault();
          if (now >= 0) take(all()[now]);
        } else if (event.key === "Escape") {
          event.preventDefault(); // Chromium would first empty the box
          dialog.close();
        }
      };
      const click = (event) => {
        const option = event.target.closest("[role=option]");
        if (option) take(option);
      };
      box.value = "";
      show();
      box.addEventListener("input", show);
      box.addEventListener("keydown", press);
      list.addEventListener("click", click);
      dialog.addEventListener(
        "close",
        () => {
          box.removeEventListener("input", show);
          box.removeEventListener("keydown", press);
          list.removeEventListener("click", click);
          resolve(chosen);
        },
        { once: true },
      );
      dialog.showModal();
      box.focus();
    });
  }

  // --- conditions ----------------------------------------------------------------------------
  const conditions = find("#condition-dialog");
  const form = find("form", conditions);
  for (const group of catalogue.groups) {
    const part = make("optgroup", { label: group.name });
    for (const field of group.fields) {
      part.append(make("option", { value: field.path, textContent: field.name }));
    }
    form.field.append(part);
  }
  form.field.addEventListener("change", () => fit());
  form.operator.addEventListener("change", () => fit());
  for (const radio of form.scope) radio.addEventListener("change", () => fit());

  /** Offer what fits the chosen field. */
  function fit() {
    const field = byPath.get(form.field.value) || { kind: "text", choices: [] };
    const before = form.operator.value;
    form.operator.replaceChildren(
      ...catalogue.operators
        .filter((operator) => operator.kinds.includes(field.kind))
        .map(({ code, name }) => make("option", { value: code, textContent: name })),
    );
    if ([...form.operator.options].some(({ value }) => value === before)) form.operator.value = before;
    const hasChoices = field.choices.length > 0;
    const chosen = form.choice.value;
    form.choice.replaceChildren(
      ...field.choices.map(([value, name]) => make("option", { value, textContent: name })),
    );
    if (field.choices.some(([value]) => value === chosen)) form.choice.value = chosen;
    form.choice.hidden = !hasChoices;
    form.value.hidden = hasChoices;
    form.value.inputMode = field.kind === "number" ? "decimal" : "text";
    find("[data-value]", form).hidden = !operators.get(form.operator.value)?.value;
    find("[data-otherwise]", form).hidden = form.scope.value !== "paragraphs";
  }

  /**
   * Ask for a condition. `now` is the one to change, with `scope` and `hasOtherwise`; answers
   * {field, operator, value, scope, otherwise}, or "remove".
   */
  async function chooseCondition({ now, scope, otherwise, canMark }) {
    form.reset();
    form.field.value = now?.field && byPath.has(now.field) ? now.field : "customer.language";
    fit();
    if (now) {
      form.operator.value = now.operator;
      form.value.value = now.value;
      fit();
      form.choice.value = now.value;
    }
    form.scope.value = scope;
    for (const radio of form.scope) radio.disabled = radio.value === "words" && !canMark;
    find("[data-scope]", form).hidden = Boolean(now);
    form.otherwise.checked = otherwise;
    find("[data-remove]", form).hidden = !now;
    fit();
    const needed = () => operators.get(form.operator.value)?.value && form.choice.hidden;
    const answer = await ask(conditions, () => {
      form.value.setAttribute("aria-invalid", String(needed() && !form.value.value.trim()));
      return !needed() || Boolean(form.value.value.trim());
    });
    if (answer !== "ok") return answer === "remove" ? answer : undefined;
    const value = form.choice.hidden ? form.value.value.trim() : form.choice.value;
    return {
      field: form.field.value,
      operator: form.operator.value,
      value: operators.get(form.operator.value).value ? value : "",
      scope: form.scope.value,
      otherwise: form.otherwise.checked,
    };
  }

  // --- links ---------------------------------------------------------------------------------
  function address(text) {
    const written = text.trim();
    if (/^https:\/\/[^\s]+\.[^\s]+$/i.test(written)) return written;
    const mail = written.replace(/^mailto:/i, "");
    return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(mail) ? `mailto:${mail}` : "";
  }

  /** Ask for an address; answers it, "" to take the link away, or undefined. */
  async function chooseLink(now) {
    const dialog = find("#link-dialog");
    const box = find("input", dialog);
    const bad = find("[data-bad]", dialog);
    box.value = now.replace(/^mailto:/, "");
    bad.hidden = true;
    const answer = await ask(dialog, () => {
      bad.hidden = Boolean(address(box.value));
      return bad.hidden;
    });
    if (answer === "remove") return "";
    return answer === "ok" ? address(box.value) : undefined;
  }

  // --- pictures ------------------------------------------------------------------------------
  const kept = JSON.parse(find("#editor-pictures").textContent);

  function gallery(dialog, chosen) {
    find("[data-pictures]", dialog).replaceChildren(
      ...kept.map(({ name, url }) => {
        const label = make("label");
        const radio = make("input", { type: "radio", name: "picture", value: name });
        radio.checked = name === chosen;
        label.append(radio, make("img", { src: url, alt: "" }), make("code", { textContent: name }));
        return label;
      }),
    );
  }

  async function upload(dialog, file) {
    const body = new FormData();
    body.append("picture", file);
    const token = find("#template [name=csrfmiddlewaretoken]").value;
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    const bad = find("[data-bad]", dialog);
    try {
      const response = await fetch(dialog.dataset.upload, { method: "POST", body, headers });
      const answer = await response.json();
      bad.textContent = (answer.errors || []).join(" ");
      if (!response.ok) return;
      if (!kept.some(({ name }) => name === answer.name)) kept.push(answer);
      gallery(dialog, answer.name);
    } catch {
      bad.textContent = dialog.dataset.failed;
    }
  }

  /** Ask for a picture; answers {name, alt, width}. */
  async function choosePicture() {
    const dialog = find("#picture-dialog");
    const sent = find("form", dialog);
    sent.reset();
    find("[data-bad]", dialog).textContent = "";
    gallery(dialog, kept.at(-1)?.name);
    const file = find("#picture-file", dialog);
    file.onchange = () => file.files.length && upload(dialog, file.files[0]);
    const answer = await ask(dialog, () => Boolean(new FormData(sent).get("picture")));
    const data = new FormData(sent);
    if (answer !== "ok") return undefined;
    return { name: data.get("picture"), alt: data.get("alt").trim(), width: data.get("width") };
  }

  Object.assign(window.BpiEditor, { chooseField, chooseCondition, chooseLink, choosePicture });
})();
