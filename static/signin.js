// Small comforts of the sign-in pages; both work without any script.
for (const button of document.querySelectorAll(".reveal")) {
  const field = document.getElementById(button.dataset.for);
  button.hidden = false;
  button.addEventListener("click", () => {
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.textContent = hidden ? button.dataset.hide : button.dataset.show;
    field.focus();
  });
}
const zone = document.getElementById("timezone");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
