"""What views show: Qt item models that page through a Project, and Qt-free descriptions beside them."""
