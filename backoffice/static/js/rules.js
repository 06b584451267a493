/*
 * Judges the rules of a form while a person types. The server judges again when the record is saved.
 *
 * A rule comes from `Rule.for_browser()` of models/rules: operands are resolved and dates are bounds, so
 * this file only compares. Values are the JSON of a record's fields; a key that is absent is empty.
 * `Rules.evaluate(rule, values)` answers true or false and never throws for a rule from the server.
 */
(function (scope) {
  "use strict";

  var NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

  /* A decimal as an exact pair: digits × 10^exponent. JavaScript's own numbers would round. */
  function decimal(value) {
    var match = NUMBER.exec(typeof value === "number" ? String(value) : value);
    if (!match) {
      return null;
    }
    var fraction = match[3] || "";
    var digits = BigInt(match[2] + fraction);
    return {
      digits: match[1] === "-" ? -digits : digits,
      exponent: Number(match[4] || 0) - fraction.length,
    };
  }

  function compareDecimals(left, right) {
    var exponent = Math.min(left.exponent, right.exponent);
    var first = left.digits * 10n ** BigInt(left.exponent - exponent);
    var second = right.digits * 10n ** BigInt(right.exponent - exponent);
    return first < second ? -1 : Number(first > second);
  }

  function comparePlain(left, right) {
    return left < right ? -1 : Number(left > right);
  }

  /* A value, or an operand, as its kind compares it; null when it is not of that kind. */
  function comparable(kind, value) {
    if (kind === "number") {
      return typeof value === "number" || typeof value === "string" ? decimal(value) : null;
    }
    if (kind === "boolean") {
      return typeof value === "boolean" ? value : null;
    }
    if (kind === "datetime") {
      var time = typeof value === "number" ? value : Date.parse(value);
      return Number.isNaN(time) ? null : time;
    }
    if (typeof value !== "string") {
      return null;
    }
    return kind === "id" ? value.toLowerCase() : value;
  }

  function compare(kind, left, right) {
    return (kind === "number" ? compareDecimals : comparePlain)(left, right);
  }

  /* Lower the 26 ASCII letters and nothing else, as the server and the database do. */
  function fold(text) {
    return text.replace(/[A-Z]/g, function (letter) {
      return letter.toLowerCase();
    });
  }

  function among(rule, value) {
    return rule.values.some(function (operand) {
      return compare(rule.kind, value, comparable(rule.kind, operand)) === 0;
    });
  }

  function between(rule, value) {
    var low = rule.low === null ? 1 : compare(rule.kind, value, comparable(rule.kind, rule.low));
    var high = rule.high === null ? -1 : compare(rule.kind, value, comparable(rule.kind, rule.high));
    return (rule.low_open ? low > 0 : low >= 0) && (rule.high_open ? high < 0 : high <= 0);
  }

  var TESTS = {
    among: among,
    between: between,
    contains: function (rule, value) {
      return fold(value).includes(rule.text);
    },
    starts_with: function (rule, value) {
      return fold(value).startsWith(rule.text);
    },
  };

  function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  function own(values, key) {
    return Object.prototype.hasOwnProperty.call(values, key) ? values[key] : null;
  }

  /* What stands under a field's name: one value, or a column's value of every row. */
  function raw(name, values) {
    var dot = name.indexOf(".");
    if (dot < 0) {
      return [own(values, name)];
    }
    var rows = own(values, name.slice(0, dot));
    return (Array.isArray(rows) ? rows : []).filter(isObject).map(function (row) {
      return own(row, name.slice(dot + 1));
    });
  }

  /* Every value that is there, list entries one by one, money as its amount. */
  function present(rule, values) {
    return raw(rule.field, values)
      .flat()
      .map(function (value) {
        return rule.money ? (isObject(value) ? own(value, "amount") : null) : value;
      })
      .filter(function (value) {
        return value !== null && value !== undefined && value !== "";
      });
  }

  function holds(rule, values) {
    var found = present(rule, values);
    if (rule.test === "present") {
      return found.length > 0;
    }
    return found.some(function (value) {
      var known = comparable(rule.kind, value);
      return known !== null && TESTS[rule.test](rule, known);
    });
  }

  function evaluate(rule, values) {
    if (rule.all) {
      return rule.all.every(function (part) {
        return evaluate(part, values);
      });
    }
    if (rule.any) {
      return rule.any.some(function (part) {
        return evaluate(part, values);
      });
    }
    return rule.not ? !evaluate(rule.not, values) : holds(rule, values);
  }

  /* The fields whose change can change the answer: listen to these. A column counts as its table. */
  function fieldsUsed(rule) {
    if (rule.field) {
      return [rule.field.split(".")[0]];
    }
    var parts = rule.all || rule.any || [rule.not];
    return Array.from(new Set(parts.flatMap(fieldsUsed)));
  }

  scope.Rules = Object.freeze({ evaluate: evaluate, fieldsUsed: fieldsUsed });
})(globalThis);
