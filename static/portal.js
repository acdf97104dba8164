// What makes the portal easier where scripts run; without this file every page works as well.

// --- A button that was pressed says so, and is pressed once ---
const PATIENCE = 20000; // milliseconds until somebody whose connection was lost may try again

function hold(form, pressed) {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    if (!pressed?.classList.contains("button")) return;
    pressed.dataset.label = pressed.textContent;
    pressed.textContent = "Sending…";
}

function release(form) {
    delete form.dataset.sending;
    for (const button of form.querySelectorAll("button")) {
        button.disabled = false;
        if (button.dataset.label) button.textContent = button.dataset.label;
        delete button.dataset.label;
    }
}

document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "yes";
    // Not before the form is on its way: a button that is switched off does not send its name.
    setTimeout(() => hold(form, event.submitter));
    setTimeout(() => release(form), PATIENCE);
    if (form.dataset.forgets !== undefined) forgetAll();
    if (form.dataset.sends && event.submitter?.name !== "change") keep(SENT, form.dataset.sends);
});

// Who goes back finds the page as it was left, with its buttons off.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));

// --- What was typed and not sent is kept in this tab, until it is sent or its writer signs out ---
const SENT = "draft-sent";

function keep(name, value) {
    try { sessionStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ }
}

function kept(name) {
    try { return sessionStorage.getItem(name); } catch { return null; }
}

function forget(name) {
    try { sessionStorage.removeItem(name); } catch { /* as above */ }
}

function forgetAll() {
    try { Object.keys(sessionStorage).filter((it) => it.startsWith("draft")).forEach(forget); } catch { /* as above */ }
}

function forgetWhatArrived() {
    const name = kept(SENT);
    forget(SENT);
    if (name && document.querySelector(".message.success")) forget(name);
}

function keepWhatIsTyped(form) {
    const name = form.dataset.draft;
    const fields = [...form.querySelectorAll("textarea, input[type=text]")];
    const before = JSON.parse(kept(name) || "{}");
    for (const field of fields) if (!field.value && before[field.name]) field.value = before[field.name];
    form.addEventListener("input", () => {
        keep(name, JSON.stringify(Object.fromEntries(fields.map((it) => [it.name, it.value]))));
    });
}

// --- Which files were chosen, and which are too large, before they are sent ---

function inWords(bytes) {
    return bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function element(name, text, className = "") {
    const made = document.createElement(name);
    made.textContent = text;
    made.className = className;
    return made;
}

function showWhatIsChosen(input) {
    const shown = element("div", "", "chosen");
    shown.setAttribute("aria-live", "polite");
    input.after(shown);
    input.addEventListener("change", () => {
        const files = [...input.files], { largest, most } = input.dataset;
        const list = element("ul", "", "files");
        list.append(...files.map((it) => element("li", `${it.name}, ${inWords(it.size)}`)));
        const wrong = files.filter((it) => it.size > largest).map(
            (it) => `${it.name} is too large: at most ${inWords(largest)} are accepted.`,
        );
        if (files.length > most) wrong.push(`At most ${most} files at a time are accepted.`);
        shown.replaceChildren(...wrong.map((it) => element("p", it, "message warning")));
        if (files.length) shown.append(list);
    });
}

// --- Short answers, while somebody describes what is wrong ---

function suggest(place) {
    const form = place.closest("form");
    const words = () => [...form.querySelectorAll("textarea, input[type=text]")].map((it) => it.value).join(" ").trim();
    let waiting, asked = "";

    async function ask() {
        const now = words().slice(0, 200);
        if (now === asked) return;
        asked = now;
        const links = now.length < 4 ? [] : await found(now).catch(() => null);
        if (links && now === asked) show(links.slice(0, 3));
    }

    async function found(now) {
        const answer = await fetch(`${place.dataset.suggest}?q=${encodeURIComponent(now)}`);
        if (!answer.ok || answer.redirected) return null;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        return [...page.querySelectorAll("main .rows a")];
    }

    function show(links) {
        if (links.map((it) => it.href).join() === [...place.querySelectorAll("a")].map((it) => it.href).join()) return;
        const list = element("ul", "");
        for (const { href, textContent } of links) {
            const link = element("a", textContent.trim());
            Object.assign(link, { href, target: "_blank", rel: "noopener" });
            link.append(element("span", " (in a new tab)", "unseen"));
            list.append(element("li", ""));
            list.lastChild.append(link);
        }
        place.replaceChildren(...(links.length ? [element("h2", "Does one of these help?"), list] : []));
    }

    form.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(ask, 500);
    });
    ask();
}

forgetWhatArrived();
document.querySelectorAll("form[data-draft]").forEach(keepWhatIsTyped);
document.querySelectorAll("input[type=file][data-largest]").forEach(showWhatIsChosen);
document.querySelectorAll("[data-suggest]").forEach(suggest);
