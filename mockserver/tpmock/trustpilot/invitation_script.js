/* tpmock's own script, not Trustpilot's: it defines tp() with the same calls, and sends orders to the mock. */
(function (window) {
  "use strict";
  var name = window.TrustpilotObject || "tp";
  var script = window.document && window.document.currentScript;
  var base = new URL("./api/", script ? script.src : window.location.href).href;
  var key = null;
  var waiting = [];

  function tell(level, text) {
    window.console[level]("tpmock: " + text);
  }

  function told(answer) {
    var hint = answer.headers.get("X-Mock-Hint") || "";
    return answer.status === 201 ? tell("info", hint) : tell("error", "the order was not taken (" + answer.status + "). " + hint);
  }

  function send(order) {
    window
      .fetch(base + encodeURIComponent(key) + "/invitation", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(order),
        // The page may be left before the answer is here.
        keepalive: true,
      })
      .then(told)
      .catch(function (error) {
        tell("error", "the order could not be sent. " + error);
      });
  }

  var commands = {
    register: function (given) {
      key = given;
      waiting.splice(0).forEach(send);
    },
    createInvitation: function (order) {
      if (key === null) {
        waiting.push(order);
        tell("warn", "createInvitation came before register, and waits for the key.");
        return;
      }
      send(order);
    },
  };

  function tp(command) {
    if (!Object.prototype.hasOwnProperty.call(commands, command)) {
      tell("error", command + " is none of " + Object.keys(commands).join(", ") + ".");
      return;
    }
    commands[command].apply(null, Array.prototype.slice.call(arguments, 1));
  }

  var called = (window[name] && window[name].q) || [];
  window[name] = tp;
  called.forEach(function (call) {
    tp.apply(null, call);
  });
})(window);
