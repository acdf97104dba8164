// The counting page: each code is sent as it is read, and answered in place. Without this script the
// form posts and the page is loaded anew. A keyboard scanner types a code and Enter; the field takes
// the next one at once, and codes wait in a row for their answers.
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("scan");
    if (!form) return;
    const field = document.getElementById("code");
    const readings = document.getElementById("readings");
    const left = document.getElementById("left");
    const words = {
        found: "Found", misplaced: "In another place", unexpected: "Not expected here",
        unknown: "Unknown code", again: "Already counted", refused: "Not counted", lost: "Not sent",
    };
    let row = Promise.resolve();

    function show(line, kind, sentence) {
        line.className = kind;
        line.textContent = "";
        if (!sentence.startsWith(words[kind])) {
            const word = document.createElement("strong");
            word.textContent = `${words[kind]}: `;
            line.append(word);
        }
        line.append(sentence);
    }

    async function send(code, line) {
        const data = new FormData(form);
        data.set("code", code);
        try {
            const answer = await fetch(form.action, {
                method: "POST", body: data, headers: { Accept: "application/json" },
            });
            const reading = await answer.json();
            show(line, reading.kind, reading.sentence);
            left.textContent = reading.left;
        } catch {
            show(line, "lost", `${code} did not reach Steward. Check the connection and that you are signed in. `);
            const again = document.createElement("button");
            again.type = "button";
            again.className = "step";
            again.textContent = `Send ${code} again`;
            again.addEventListener("click", () => { field.focus(); queue(code, line); });
            line.append(again);
        }
    }

    function queue(code, line) {
        line.className = "waiting";
        line.textContent = `${code} …`;
        row = row.then(() => send(code, line));
    }

    function take(code) {
        const line = document.createElement("li");
        readings.prepend(line);
        queue(code, line);
    }

    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const code = field.value.trim();
        field.value = "";
        field.focus();
        if (code) take(code);
    });
    field.focus();

    // The camera, where the browser reads barcodes by itself.
    const button = document.getElementById("camera");
    const picture = document.getElementById("picture");
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
    const detector = new window.BarcodeDetector();
    const REST = 3000; // milliseconds in which the same code in the picture is the same reading
    const PAUSE = 250;
    let stream = null;
    const seen = new Map();

    async function look() {
        if (!stream) return;
        try {
            for (const { rawValue } of await detector.detect(picture)) {
                const before = seen.get(rawValue) ?? -REST;
                if (rawValue && performance.now() - before > REST) take(rawValue);
                seen.set(rawValue, performance.now());
            }
        } catch {
            // No picture yet; the next look may have one.
        }
        setTimeout(look, PAUSE);
    }

    function stop() {
        stream?.getTracks().forEach((track) => track.stop());
        stream = null;
        picture.hidden = true;
        button.setAttribute("aria-pressed", "false");
        button.textContent = "Use the camera";
        field.focus();
    }

    async function start() {
        try {
            stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        } catch {
            const line = document.createElement("li");
            readings.prepend(line);
            show(line, "refused", "The browser gives no camera. Allow it, or type the code.");
            return;
        }
        picture.srcObject = stream;
        picture.hidden = false;
        button.setAttribute("aria-pressed", "true");
        button.textContent = "Stop the camera";
        await picture.play();
        look();
    }

    button.hidden = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
});
