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
