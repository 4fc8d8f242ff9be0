// Ticks off what a new password must be while it is typed. The server judges it all the same.
"use strict";

const checks = {
  length: (typed, least) => [...typed].length >= Number(least),
  different: (typed, least) => new Set(typed).size >= Number(least),
  names: (typed, names) => typed !== "" && !names.split("\n").some((name) => name !== "" && typed.toLowerCase().includes(name.toLowerCase())),
};

for (const list of document.querySelectorAll("[data-rules]")) {
  const field = document.getElementById(list.dataset.rules);
  const judge = () => {
    for (const rule of list.querySelectorAll("[data-check]")) {
      const holds = checks[rule.dataset.check](field.value, rule.dataset.with);
      rule.dataset.holds = holds;
      rule.querySelector(".mark").textContent = holds ? "✓" : "○";
    }
  };
  field.addEventListener("input", judge);
  judge();
}
