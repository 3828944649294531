"""Warning signs of a review: computed from headers and pixels, never a diagnosis, and able to be wrong.

`looking.look` looks at one file, `judging.judge` at what was seen of all of them.

Likely burned-in text, measured on 359 different public images (12 of them with text in their pixels) and on text that
was drawn on those that have none, where it stands out by 80 of 255 grey values:

| what | marked |
|---|---|
| images with text of their own | 12 of 12 |
| images without any | 4 of 347 (two slices of one noisy CT, a diffusion map, an image of noise) |
| `MOUSE^Minnie 17/03/1961` drawn, letters of 12 to 40 pixels | 1,073 of 1,076 |
| a single number of 7 signs drawn, 12 to 40 pixels | 794 of 1,080; as a capture (see `burned_in`) 974 |
| one word of 5 letters drawn, 12 to 40 pixels | 617 of 1,080; as a capture 871 |
| the first again, letters of 10 pixels | 174 of 180 |

Letters lower than 6 pixels, handwriting, and a side marker of one or two letters are not found.
"""
