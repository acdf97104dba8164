// The theme has no main landmark and no skip link; both are added here.
document.addEventListener("DOMContentLoaded", () => {
    const content = document.getElementById("content");
    if (!content) return;
    content.setAttribute("role", "main");
    content.setAttribute("tabindex", "-1");
    const skip = document.createElement("a");
    skip.className = "skip-link";
    skip.href = "#content";
    skip.textContent = "Skip to the content";
    document.body.prepend(skip);
});

// What is completed by typing has its label beside it, not for a screen reader: tie the two.
function nameCompletedFields() {
    for (const selection of document.querySelectorAll(".select2-selection")) {
        const select = selection.closest(".select2")?.previousElementSibling;
        const label = select && document.querySelector(`label[for="${select.id}"]`);
        const shown = selection.querySelector(".select2-selection__rendered");
        const name = label?.textContent.trim() || select?.getAttribute("aria-label") || select?.name || "Choice";
        selection.removeAttribute("aria-labelledby");
        selection.setAttribute("aria-label", name);
        shown?.setAttribute("aria-label", name);
        // Where several are chosen, the field to type in and the cross stand within the list of the chosen.
        selection.querySelector(".select2-search__field")?.setAttribute("aria-label", name);
        selection.querySelector("ul > .select2-selection__clear")?.setAttribute("role", "listitem");
    }
}
document.addEventListener("DOMContentLoaded", () => {
    // The fields are made after the page is loaded, and again with each added row.
    new MutationObserver(nameCompletedFields).observe(document.body, { childList: true, subtree: true });
    nameCompletedFields();
});

// The theme's list of changed fields holds labels, not items: it is no list to a screen reader.
document.addEventListener("DOMContentLoaded", () => {
    for (const list of document.querySelectorAll("#content ul:not(:has(> li))")) list.setAttribute("role", "none");
});

// A table that is wider than the page is moved sideways by keyboard too.
document.addEventListener("DOMContentLoaded", () => {
    for (const wrapper of document.querySelectorAll(".formset-wrapper.overflow-x-auto")) {
        const heading = wrapper.parentElement.querySelector("h2")?.textContent.trim();
        wrapper.setAttribute("tabindex", "0");
        wrapper.setAttribute("role", "region");
        wrapper.setAttribute("aria-label", heading || "Rows");
    }
});
