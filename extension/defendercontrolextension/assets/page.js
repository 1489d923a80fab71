// Keeps the page up to date, and shows the forms that confirm a command in a dialog. The page works without it.
"use strict";

const interval = 2000;
const dialog = document.getElementById("dialog");
const parse = (text) => new DOMParser().parseFromString(text, "text/html");

// replace shows a newer state. What has the focus, and what is unfolded, stays so.
function replace(next) {
  const live = document.getElementById("live");
  const focused = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
  for (const open of live.querySelectorAll("details[open]")) {
    const same = next.querySelector("#" + CSS.escape(open.id));
    if (same) same.open = true;
  }
  for (const input of live.querySelectorAll("input[type=date]")) {
    const same = next.querySelector("#" + CSS.escape(input.id));
    if (same) same.value = input.value;
  }
  if (live.dataset.summary !== next.dataset.summary) document.getElementById("said").textContent = next.dataset.summary;
  live.replaceWith(next);
  if (!focused) return;
  // A button that was pressed may have given way to its opposite.
  const heir = document.getElementById(focused) || document.getElementById(focused.replace(/-(pause|resume)$/, (_, a) => a === "pause" ? "-resume" : "-pause"));
  if (heir) heir.focus({ preventScroll: true });
}

async function refresh() {
  const lost = document.getElementById("lost");
  try {
    const answer = await fetch("/fragment", { signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error("status " + answer.status);
    // The element is adopted with its attributes; a reader who marks text is not disturbed.
    const next = document.adoptNode(parse(await answer.text()).getElementById("live"));
    if (String(document.getSelection()) === "") replace(next);
    lost.hidden = true;
  } catch (error) {
    if (lost.hidden) {
      lost.textContent = "The collector does not answer: what you see is old. The page goes on by itself when it answers again.";
      lost.hidden = false;
    }
  }
}

async function loop() {
  if (!document.hidden) await refresh();
  setTimeout(loop, interval);
}

// inDialog shows the main part of an answer.
function inDialog(text) {
  const answer = parse(text).getElementById("answer");
  if (!answer) return false;
  document.getElementById("dialog-content").replaceChildren(...document.adoptNode(answer).childNodes);
  if (!dialog.open) dialog.showModal();
  (document.getElementById("confirm") || document.getElementById("dialog-title")).focus();
  return true;
}

async function confirmFirst(form, button) {
  const query = new URLSearchParams(new FormData(form, button));
  inDialog(await (await fetch("/confirm?" + query)).text());
}

async function act(form) {
  const button = document.getElementById("confirm");
  button.disabled = true;
  button.textContent = "…";
  const answer = await fetch("/act", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (answer.redirected) {
    dialog.close();
    await refresh();
  } else {
    inDialog(await answer.text());
  }
}

if (dialog) {
  document.addEventListener("submit", (event) => {
    const action = event.target.getAttribute("action");
    if (action !== "/confirm" && action !== "/act") return;
    event.preventDefault();
    const done = action === "/confirm" ? confirmFirst(event.target, event.submitter) : act(event.target);
    done.catch(() => { dialog.close(); return refresh(); });
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.id === "back") {
      event.preventDefault();
      dialog.close();
    }
  });
  setTimeout(loop, interval);
}
