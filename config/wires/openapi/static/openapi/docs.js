// Shows a wire's document. Nothing is kept in the browser: a token typed in is gone with the page.
window.addEventListener("DOMContentLoaded", () => {
  const page = document.getElementById("docs");
  SwaggerUIBundle({
    url: page.dataset.document,
    domNode: page,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    showCommonExtensions: true,
    // The bundle's own default asks a validator on the internet.
    validatorUrl: null,
  });
});
