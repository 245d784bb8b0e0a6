// Before anything is shown: the theme that was chosen here the last time, if one was.
try {
  const chosen = localStorage.getItem("sparkify-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser may forbid a local file to remember anything.
}
