// Light and dark, by a button, whatever the system prefers.
{
  const toggle = document.getElementById("theme");
  const isDark = () =>
    (document.documentElement.dataset.theme ??
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const tellTheme = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("sparkify-theme", document.documentElement.dataset.theme);
    } catch {
      // Then it holds for now.
    }
    tellTheme();
  });
  tellTheme();
}
