from bpcourse import backprop as backprop
from bpcourse import basics as basics
from bpcourse import beyond as beyond
from bpcourse import descent as descent
from bpcourse import exercises as exercises
from bpcourse import figures as figures
from bpcourse import grading as grading
from bpcourse import training as training
from bpcourse.descent.learning import add_ones as add_ones
from bpcourse.descent.learning import collapse as collapse
from bpcourse.descent.learning import confusion_matrix as confusion_matrix
from bpcourse.descent.learning import cross_features as cross_features
from bpcourse.descent.learning import gd1d as gd1d
from bpcourse.descent.learning import linreg_loss_grad as linreg_loss_grad
from bpcourse.descent.learning import normal_equations as normal_equations
from bpcourse.descent.learning import standardize as standardize
from bpcourse.exercises import check as check
from bpcourse.figures import explore as explore
from bpcourse.figures import show as show
from bpcourse.exercises import check as check
from bpcourse.figures import explore as explore
from bpcourse.figures import show as show

__version__: str
