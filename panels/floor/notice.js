/** Tell the hall something: a notice for all zones or some, for a while or until it is taken back. */

import { hourMinute } from "/static/clock.js";
import { attrs, el } from "/static/dom.js";
import { named, t } from "/static/words.js";
import { Buttons, choice, field, radios, renderOptions, rowOf, section } from "/pages/floor/form.js";
import { part, reconcile, refill } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").FloorNotice} FloorNotice */
/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */

const MINUTE_MS = 60000;
const LASTS_MIN = [10, 30, 60, 120];
const MOST_CHARS = 120;

/** @implements {Content} */
export class NoticeSheet {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    this.key = "hall/notice";
    this.head = el("h2", { class: "sheet-title" }, t("floor.notice.title"));
    const words = field(t("floor.notice.text"), { maxlength: MOST_CHARS });
    this._text = words.input;
    const english = field(t("floor.notice.textEn"), { maxlength: MOST_CHARS });
    this._english = english.input;
    this._kind = radios("notice-kind", [["ordinary", t("floor.notice.ordinary")], ["urgent", t("floor.notice.urgent")]], "ordinary");
    const where = choice(t("floor.notice.where"));
    this._where = where.select;
    const lasts = choice(t("floor.notice.lasts"));
    this._lasts = lasts.select;
    const until = LASTS_MIN.map((n) => /** @type {[string, string]} */ ([String(n), t("floor.notice.minutes", { n })]));
    renderOptions(this._lasts, until.concat([["", t("floor.notice.open")]]));
    this._lasts.value = "30";
    this._list = el("ul", { class: "notices" });
    this._buttons = new Buttons(context);
    const post = this._buttons.make("notice", t("floor.do.post"), () => this._post(), () => (this._text.value.trim() ? "" : t("floor.why.text")));
    this._posted = section(t("floor.notice.posted"), this._list);
    this.body = el(
      "div",
      { class: "sheet-body" },
      section(t("floor.notice.new"), words.node, english.node, this._kind.node, rowOf(where.node, lasts.node), rowOf(post)),
      this._posted,
    );
  }

  update() {
    const floor = this._context.floor();
    renderOptions(this._where, [/** @type {[string, string]} */ (["", t("floor.notice.all")])].concat(floor.zones.map((zone) => [zone.code, named(zone.name, zone.name_en)])));
    // Those of the hall file are changed there.
    const notices = (floor.notices || []).filter((one) => one.id !== null);
    attrs(this._posted, { hidden: notices.length === 0 });
    reconcile(this._list, notices, (one) => String(one.id), (one) => this._row(one), (node, one) => {
      const until = one.until_ms ? t("floor.notice.until", { time: hourMinute(one.until_ms, floor.place.timezone) }) : t("floor.notice.open");
      refill(part(node, "said"), JSON.stringify(one), () => [el("strong", {}, named(one.text, one.text_en)), el("span", {}, until)]);
    });
    this._buttons.update();
    return true;
  }

  /** @param {FloorNotice} one */
  _row(one) {
    const name = t("floor.do.withdraw");
    const take = this._buttons.make("withdraw", name, () =>
      this._context.presses.run({ name, commands: [{ command: "withdraw_notice", notice: one.id }], done: t("floor.done.withdraw") }),
    );
    return el("li", {}, el("p", { class: "said" }), take);
  }

  _post() {
    const lasts = this._lasts.value;
    const zone = this._where.value;
    const command = {
      command: "notice",
      text: this._text.value.trim(),
      text_en: this._english.value.trim(),
      kind: this._kind.value(),
      zones: zone ? [zone] : [],
      until_ms: lasts ? Math.round(this._context.now() + Number(lasts) * MINUTE_MS) : null,
    };
    this._context.presses.run({ name: t("floor.do.post"), commands: [command], done: t("floor.done.post") }).then((done) => {
      if (!done) return;
      this._text.value = "";
      this._english.value = "";
    });
  }
}
