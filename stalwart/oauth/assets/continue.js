// Sends the only form of the page; its button does the same for people without JavaScript.
"use strict";

document.querySelector("form").submit();
