"""Google's Gemini API: generateContent, streamed or not, with text and pictures."""
