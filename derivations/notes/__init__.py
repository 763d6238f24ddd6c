"""The claims of the five documents, a script a document. Formulas are as printed, paraphrases our own."""
