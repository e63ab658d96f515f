"""Photographs that scikit-image and scikit-learn carry in their packages: no test downloads anything."""

from skimage import data
from sklearn.datasets import load_sample_image

PHOTOS = {
    "astronaut": lambda: data.astronaut(),  # 512x512, colour
    "camera": lambda: data.camera(),  # 512x512, grey
    "chelsea": lambda: data.chelsea(),  # 300x451, colour
    "coffee": lambda: data.coffee(),  # 400x600, colour
    "coins": lambda: data.coins(),  # 303x384, grey
    "rocket": lambda: data.rocket(),  # 427x640, colour
    "china": lambda: load_sample_image("china.jpg")[3:254, 7:340],  # 251x333: odd both ways
    "flower": lambda: load_sample_image("flower.jpg"),  # 427x640, colour
}
