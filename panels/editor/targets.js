/** Thresholds of one kind for all rows of a list at once: a table of numbers. */

import { el, fill } from "/static/dom.js";
import { named, t } from "/static/words.js";
import { said } from "/pages/editor/catalogue.js";
import { Form } from "/pages/editor/form.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */

const KEYS = ["target_wait_min", "target_appointment_min", "target_priority_min"];

/** Warnings, and the targets of every service. */
export class Targets {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    this.node = el("div", { class: "targets" });
  }

  draw() {
    const { catalogue, draft } = this._context;
    const form = new Form(this._context);
    const fields = KEYS.map((key) => catalogue.field("Service", key));
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, said(catalogue.table("Service"))),
      ...fields.map((field) => el("th", { scope: "col" }, t("editor.inUnit", { what: said(field), unit: said(field, "unit") }))),
    );
    const rows = /** @type {any[]} */ (draft.get("services") || []).map((service, at) => {
      const name = named(String(service.name || service.code), String(service.name_en || ""));
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, name),
        ...fields.map((field) => {
          const path = `services[${at}].${field.key}`;
          const control = form.control(field, path);
          control.setAttribute("aria-label", `${name} ${said(field)}`);
          control.removeAttribute("aria-describedby");
          return el("td", { "data-path": path }, control, el("p", { class: "wrong", hidden: true }));
        }),
      );
    });
    fill(this.node, [
      el("h2", {}, said(catalogue.top("warnings"))),
      el("p", { class: "about" }, said(catalogue.top("warnings"), "about")),
      form.of("Warnings", "warnings"),
      el("h2", {}, t("editor.targets")),
      el("p", { class: "about" }, t("editor.targets.about")),
      el("table", { class: "numbers" }, el("thead", {}, head), el("tbody", {}, ...rows)),
    ]);
  }
}
