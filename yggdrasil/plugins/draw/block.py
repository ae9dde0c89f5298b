"""The block that turns a sentence into a drawn picture."""

from typing import ClassVar, TypedDict

from yggdrasil.contract import Block, here
from yggdrasil.plugins.draw.compose import compose
from yggdrasil.plugins.draw.drawings import open_drawings
from yggdrasil.plugins.draw.scene import read_scene
from yggdrasil.plugins.draw.translation import understand
from yggdrasil.ports import Image, Json, Text


class DrawOutputs(TypedDict):
    image: Image
    scene: Json


class Compose(Block, type="draw/compose", role="Tool"):
    """Draw a 64×64 picture of up to three things in a place, at an hour, in a weather, as the prompt says.

    Give short prompts such as "a fox and a pine tree in the snow at night". `scene` says what was understood:
    things, place, time, weather, and the unknown words that leave no trace on the picture.
    """

    pure: ClassVar[bool] = True

    def forward(self, prompt: Text, seed: int = 0) -> DrawOutputs:
        english, foreign = understand(prompt)
        scene = read_scene(english)
        if foreign or scene.unknown:
            here().note("not drawn: " + ", ".join([*foreign, *scene.unknown]))
        for word, drawing in scene.drawn_as.items():
            here().note(f"there is no drawing of {word!r}: the picture shows {drawing!r}")
        picture = compose(scene, open_drawings(self.file("drawings")), seed)
        told = scene.to_json()
        return DrawOutputs(image=picture, scene={**told, "unknown": [*foreign, *told["unknown"]]})
